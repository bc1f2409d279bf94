"""Names that lead nowhere, and tiers that ask nobody: what a schema cannot see. Gives places, builds nothing.

`policy_check_runs` looks at what would run.
"""

from collections.abc import Iterable, Iterator

from countersign.domain.policy import Document
from countersign.domain.policy_autonomy import Promotion
from countersign.domain.policy_sources import Where

OWNER = "owner"
CODEOWNERS = "codeowners"
REFUSE = "refuse"
_MODES = ("autonomous", "approve", "notify")
"""Mildest first, as the effects are."""

Problems = Iterator[tuple[Where, str]]


def dangling(document: Document) -> Problems:
    """Give every part that names something that is not there, or that could never ask anybody."""
    for word, meaning in ((OWNER, "the owners of the services touched"), (CODEOWNERS, "the owners that the file names")):
        if word in document.teams:
            yield ("teams", word), f"{word!r} stands for {meaning}: call the team otherwise"
    yield from _tiers(document)
    yield from _rules(document)
    yield from _environments(document)
    yield from _services(document)
    yield from _times(document)
    yield from _autonomy(document)


def _tiers(document: Document) -> Problems:
    mildest = 0
    for name, tier in document.tiers.items():
        if name == REFUSE:
            yield ("tiers", name), f"{REFUSE!r} is what `unmatched` says to refuse: call the tier otherwise"
        if tier.limits is not None and not tier.limits.model_fields_set:
            yield ("tiers", name, "limits"), "limits needs files, lines or deletes"
        strictness = _MODES.index(tier.mode)
        if strictness < mildest:
            yield ("tiers", name, "mode"), f"mode {tier.mode} is milder than that of a tier before it: tiers stand mildest first"
        mildest = max(mildest, strictness)
        if tier.mode == "approve" and not tier.approvals:
            yield ("tiers", name), "mode approve needs approvals: a tier that asks nobody would let everything through"
        if tier.mode != "approve" and tier.approvals:
            yield ("tiers", name, "approvals"), f"mode {tier.mode} takes no approvals"
        for number, slot in enumerate(tier.approvals):
            known = [*document.teams, OWNER]
            yield from known_names(("tiers", name, "approvals", number, "from"), [slot.from_], known, "team")
    if document.unmatched != REFUSE:
        yield from known_names(("unmatched",), [document.unmatched], document.tiers, "tier")


def _rules(document: Document) -> Problems:
    names: set[str] = set()
    for number, rule in enumerate(document.rules):
        where: Where = ("rules", number)
        yield from known_names((*where, "tier"), [rule.tier], document.tiers, "tier")
        if rule.name in names:
            yield (*where, "name"), "another rule has this name"
        names.add(rule.name)
        if rule.tier is None and rule.deny is None and not rule.alone:
            yield where, "a rule needs a tier, alone or deny: this one does nothing"
        if rule.paths is None and not rule.kinds and rule.plan is None and not rule.removes:
            yield where, "a rule needs paths, kinds, plan or removes: this one matches nothing"
        if rule.plan is not None and not (rule.plan.deletes or rule.plan.replaces or rule.plan.turns_off):
            yield (*where, "plan"), "plan needs deletes, replaces or turns_off"
        yield from _some_path((*where, "paths"), rule.paths)


def _environments(document: Document) -> Problems:
    for name, environment in document.environments.items():
        where: Where = ("environments", name)
        yield from _some_path((*where, "paths"), environment.paths)
        yield from known_names((*where, "at_least"), [environment.at_least], document.tiers, "tier")
        yield from known_names((*where, "network"), [environment.network], document.networks, "network")
        yield from known_names((*where, "freezes"), environment.freezes, document.freezes, "freeze")
        yield from known_names((*where, "tokenize"), environment.tokenize, document.tokens, "class of tokens")


def _services(document: Document) -> Problems:
    for name, service in document.services.items():
        where: Where = ("services", name)
        yield from _some_path((*where, "paths"), service.paths)
        yield from known_names((*where, "at_least"), [service.at_least], document.tiers, "tier")
        if service.owner != CODEOWNERS:
            yield from known_names((*where, "owner"), [service.owner], document.teams, "team")
        elif document.codeowners is None:
            yield (*where, "owner"), "name the file under `codeowners`, beside `services`"


def _times(document: Document) -> Problems:
    for name, freeze in document.freezes.items():
        problem = freeze.problem()
        if problem is not None:
            yield ("freezes", name, problem[0]), problem[1]
    emergency = document.emergency
    if emergency is not None:
        yield from known_names(("emergency", "from"), [emergency.from_], document.teams, "team")
        if emergency.review_within < emergency.lasts:
            yield ("emergency", "review_within"), "shorter than `lasts`: the review would be due before the emergency ends"


def _autonomy(document: Document) -> Problems:
    """A promotion goes down one tier. The mildest is where it ends, whatever its mode."""
    ranks = {name: number for number, name in enumerate(document.tiers)}
    for number, promotion in enumerate(document.autonomy):
        where: Where = ("autonomy", number)
        step = promotion.promote
        yield from known_names((*where, "promote"), [step.down_from, step.down_to], document.tiers, "tier")
        yield from known_names((*where, "by"), [promotion.by], document.teams, "team")
        if {step.down_from, step.down_to} <= ranks.keys() and ranks[step.down_from] - ranks[step.down_to] != 1:
            yield (*where, "promote"), "a promotion goes one tier down: from a tier to the one before it"
        for key, listed in (("each", promotion.each), ("demote_on", promotion.demote_on)):
            if len(set(listed)) != len(listed):
                yield (*where, key), "names something twice"
        yield from _earned(document, where, promotion)


def _earned(document: Document, where: Where, promotion: Promotion) -> Problems:
    """Everything that was earned names what `each` counts together, no more and no less, and parts that there are."""
    known: dict[str, Iterable[str]] = {
        "action": document.actions,
        "service": document.services,
        "environment": document.environments,
        "agent": document.agents,
    }
    seen: set[str] = set()
    for number, earned in enumerate(promotion.earned):
        place: Where = (*where, "earned", number)
        told = earned.combination
        if told.keys() != set(promotion.each):
            yield place, f"names {', '.join(promotion.each)}, as `each` does, and since when"
        for word, value in told.items():
            if word in known:
                yield from known_names((*place, word), [value], known[word], word)
        if str(told) in seen:
            yield place, "is promoted twice; the later `since` alone counts: take the other one out"
        seen.add(str(told))


def _some_path(where: Where, paths: tuple[str, ...] | None) -> Problems:
    if paths is not None and all(path.startswith("!") for path in paths):
        yield where, "a list of paths needs one that does not begin with '!'"


def known_names(where: Where, names: Iterable[str | None], known: Iterable[str], what: str) -> Problems:
    """Give each name that is not known."""
    known = list(known)
    for name in names:
        if name is not None and name not in known:
            yield where, f"there is no {what} {name[:60]!r}"
