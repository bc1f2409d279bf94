"""Makes the inputs of a decision from a scenario: a change, people, approvals. What the scenario leaves open is plain."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from hashlib import sha1

from countersign.domain.analysis import analyse
from countersign.domain.approval import Evidence
from countersign.domain.autonomy import promotions
from countersign.domain.emergency import EmergencyUse
from countersign.domain.facts import Act, Facts, FileChange, FileStatus, Measured, Removed
from countersign.domain.ids import ChangeRef, RunId, Sha
from countersign.domain.inputs import Inputs
from countersign.domain.people import Agent, Approval, Contributor, Person
from countersign.domain.policy import Policy
from countersign.domain.proposal import Claims, Proposal
from countersign.domain.scenarios.scenario import Changed, FileFacts, Situation

_HEAD, _BASE, _TREE = Sha("1" * 40), Sha("b" * 40), Sha("c" * 40)
_NOBODY = "somebody"
_ASKED_BEFORE = timedelta(seconds=1)
"""The question was put so long before the first approval."""


def inputs_of(scenario: Situation, policy: Policy) -> Inputs:
    """Give what is decided about."""
    entry = None if scenario.agent is None else policy.agents.get(scenario.agent)
    author = scenario.author or (scenario.agent or _NOBODY if entry is None else entry.account)
    sponsor = scenario.sponsor
    if sponsor is None and entry is not None and "sponsor" not in scenario.model_fields_set:
        sponsor = entry.sponsors[0]
    says = scenario.says
    proposal = Proposal(
        change=ChangeRef("scenario/project", 1),
        title=scenario.name,
        source_branch="scenario",
        target_branch="main",
        base=_BASE,
        head=_HEAD,
        tree=_TREE,
        author=somebody(author),
        agent=None if scenario.agent is None else Agent(scenario.agent, strength=1),
        sponsor=None if sponsor is None else somebody(sponsor),
        contributors=tuple(Contributor(_HEAD, "", somebody(name)) for name in (author, *scenario.commits)),
        facts=_facts(scenario.change),
        claims=Claims(**says.model_dump()),
    )
    earned = frozenset(found.name for _, found in promotions(policy)) if scenario.earned else frozenset()
    return Inputs(proposal, replace(_evidence(scenario), earned=earned), scenario.at)


def _evidence(scenario: Situation) -> Evidence:
    members: dict[str, set[Person]] = {}
    approvals: dict[str, Approval] = {}
    for item in scenario.approvals:
        team, _, name = item.by.rpartition("/")
        members.setdefault(team, set()).add(somebody(name))
        approvals[name] = Approval(somebody(name), scenario.at - timedelta(seconds=item.ago), _HEAD)
    first = min((approval.at for approval in approvals.values()), default=scenario.at)
    return Evidence(
        approvals=tuple(approvals.values()),
        members={team: frozenset(people) for team, people in members.items()},
        asked=first - _ASKED_BEFORE,
        emergencies=()
        if scenario.emergency_before is None
        else (EmergencyUse(scenario.at - timedelta(seconds=scenario.emergency_before), RunId("run-" + "a" * 20)),),
    )


def somebody(name: str) -> Person:
    """Make up an account; the same name is the same one."""
    return Person(int.from_bytes(sha1(name.encode(), usedforsecurity=False).digest()[:6]), name)


def _facts(change: Changed) -> Facts:
    sizes = _sizes(change)
    files = [_file(path, facts, sizes[path]) for path, facts in sorted(change.files.items())]
    texts = [text for facts in change.files.values() for text in (facts.before, facts.content) if text is not None]
    seen = analyse([file for file in files if _is_told(change.files[file.path])], {_blob(text): text.encode() for text in texts})
    first = min(change.files, default="")
    return replace(
        seen,
        files=tuple(files),
        effects=tuple(sorted({*seen.effects, *_effects(change)})),
        removed=(*seen.removed, *(Removed(first, 1, " ".join(text.split())) for text in change.removes)),
        planned=("",) if change.planned else (),
    )


def _is_told(facts: FileFacts) -> bool:
    return facts.before is not None or facts.content is not None


def _sizes(change: Changed) -> dict[str, tuple[int, int]]:
    """Give lines added and removed; what `lines` says of the whole change falls on the first path."""
    counted = {path: (facts.added, facts.removed) for path, facts in change.files.items()}
    if change.lines is not None:
        first = min(counted, default=None)
        return {path: (change.lines if path == first else 0, 0) for path in counted}
    return {
        path: (_lines(change.files[path]) if added is None and removed is None else added or 0, removed or 0)
        for path, (added, removed) in counted.items()
    }


def _lines(facts: FileFacts) -> int:
    return 1 if facts.content is None else max(1, len(facts.content.splitlines()))


def _file(path: str, facts: FileFacts, size: tuple[int, int]) -> FileChange:
    """Make a path. Of one that is analysed, a side that is not told was not there."""
    told = _is_told(facts)
    old = _BASE if facts.before is None else _blob(facts.before)
    return FileChange(
        path=path,
        status=facts.status,
        old_blob=None if facts.status is FileStatus.ADDED or (told and facts.before is None) else old,
        new_blob=None if facts.status is FileStatus.DELETED else _blob(facts.content or ("" if told else path)),
        kinds=frozenset(facts.kinds),
        added=size[0],
        removed=size[1],
    )


def _blob(text: str) -> Sha:
    return Sha(sha1(text.encode(), usedforsecurity=False).hexdigest())


def _effects(change: Changed) -> Iterator[Measured]:
    """Give the effects that are told: of the one path, or of whatever a rule means by its paths."""
    path = next(iter(change.files), "") if len(change.files) == 1 else ""
    for act, texts in (
        (Act.DELETES, change.plan.deletes),
        (Act.REPLACES, change.plan.replaces),
        (Act.TURNS_OFF, change.plan.turns_off),
    ):
        for text in texts:
            kind, _, name = text.partition(".")
            yield Measured(act, kind, name or "one", path)
