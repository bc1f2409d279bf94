"""Writes the bot's one comment: facts before prose, on one screen, everything else folded. Pure.

Whatever others wrote (paths, names, claims, the policy's own sentences) goes through `neutral`'s writers; there is no image
and no link to anywhere, so reading the comment fetches nothing (attack 44).
"""

from collections.abc import Iterator, Sequence

from bot.policy_section import section
from bot.view import Judged, Unjudged, View, Word
from countersign.attestation.record import AUDIT_BRANCH, Entry
from countersign.domain.decision import Need, Plan, Reason
from countersign.domain.facts import Act, Facts, FileChange, KeyChange, Measured, Signal
from countersign.domain.neutral import code, inline, quote
from countersign.domain.scope import Scope

MARKER = "<!-- countersign:bot -->"
_WAYS = {None: "none that the policy knows", "revert": "a revert commit, through the same gate"}
_MOST = 8
"""Items of a list that are shown; how many more there are is said."""

_LONG = 160
_ACTS = {Act.DELETES: "**Would be gone**", Act.REPLACES: "**Would be replaced**", Act.TURNS_OFF: "**Would be turned off**"}
DIFFER = "said and seen differ"
"""The rule under which `decide` lists what the agent said against what was seen."""

_MINUTE, _HOUR, _DAY = 60, 3600, 86400


def write(view: View) -> str:
    """Write the comment."""
    return _unjudged(view) if isinstance(view, Unjudged) else _judged(view)


def _unjudged(view: Unjudged) -> str:
    record = view.records.refused
    parts = [
        f"### ✘ Refused: cannot be judged at {view.refusal.stage}",
        _digests(("head", view.change.head)),
        quote(view.refusal.why),
        "Nothing is minted and nothing runs." if record is None else f"Nothing was minted, nothing was run. {_record(record)}",
    ]
    return "\n\n".join(parts) + "\n"


def _judged(view: Judged) -> str:
    decision, plan = view.decision, view.decision.plan
    head = ("head", view.observation.proposal.head)
    planned = ("plan", plan.digest()) if plan is not None else None
    rows = [f"| {name} | {text} |" for name, text in _rows(view)]
    parts = [
        f"### {_headline(view)}",
        _digests(head, planned, ("policy", decision.policy_digest)),
        "\n".join(["| | |", "|---|---|", *rows]),
        section(view.review),
        _claims(view),
        _how(view),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _headline(view: Judged) -> str:
    decision, records = view.decision, view.records
    missing = sum(need.missing for need in decision.needs)
    say = {
        Word.APPLIED: "✔ Applied",
        Word.FAILED: "✘ Failed",
        Word.LOST: "✘ Lost: look at the target",
        Word.RUNNING: "▶ Running",
        Word.REFUSED: "✘ Refused",
        Word.FROZEN: "❄ Frozen" + (f" until {decision.until:%Y-%m-%d %H:%M} UTC" if decision.until else ""),
        Word.NOTIFY: "✉ For people to do: nothing runs",
        Word.AUTONOMOUS: "▶ Runs without approval",
        Word.NOTHING_TO_RUN: "✔ Nothing to run: people may merge it",
    }.get(view.word) or (f"⏸ Needs {missing} approval{'s'[: missing != 1]}" if missing else "▶ Approved")
    if records.outcome is not None:
        say += f", record {records.outcome.seq}"
    if view.change.draft:
        say = f"✎ Draft, nothing runs yet: {say}"
    where = " / ".join(part for part in (decision.environment, *decision.services) if part)
    return " · ".join([say, *(inline(part) for part in (decision.tier, where) if part)])


def _rows(view: Judged) -> Iterator[tuple[str, str]]:
    decision, facts = view.decision, view.observation.proposal.facts
    refused = view.word is Word.REFUSED
    others = [reason for reason in decision.reasons if reason.rule != DIFFER and not (refused and reason.decides)]
    if refused:
        yield from (("**Refused by**", _refusal(reason)) for reason in decision.deciding[:_MOST])
    yield from _measured(facts)
    yield from [("Will run", "nothing, and nothing will be minted")] if refused else _running(decision.plan)
    if others:
        yield f"Why {inline(decision.tier or 'so')}", "<br>".join(_reason(reason) for reason in others[:_MOST]) + _more(others)
    differ = [inline(_cut(reason.text)) for reason in decision.reasons if reason.rule == DIFFER]
    if differ:
        yield "Said vs seen ⚠", _some(differ)
    if decision.needs and not refused:
        yield "Waits for", _waits(view)
    if decision.discounted:
        yield (
            "Does not count",
            _some([f"{code(item.person.username, cell=True)} {inline(item.why)}" for item in decision.discounted]),
        )


def _measured(facts: Facts) -> Iterator[tuple[str, str]]:
    """Say what the change does, worst first. Values and names are quoted to the letter, hidden characters shown."""
    for act, title in _ACTS.items():
        found = [item for item in facts.effects if item.act is act]
        if found:
            yield title, _some([f"**{inline(item.kind)} {_code(item.name)}** ({_at(item)})" for item in found])
    if facts.signals:
        yield "Look twice ⚠", _some([f"{inline(item.kind)}: {inline(_cut(item.detail))} ({_at(item)})" for item in facts.signals])
    yield "Changes", _some([_file(file) for file in facts.files]) or "nothing"
    if facts.keys:
        yield "Values", _some([f"{_code(item.key)} {_value(item.old)} → {_value(item.new)} ({_at(item)})" for item in facts.keys])


def _value(value: str | None) -> str:
    return "nothing" if value is None else _code(value)


def _at(item: Measured | Signal | KeyChange) -> str:
    return f"{_path(item.path)}:{item.line}"


def _running(plan: Plan | None) -> Iterator[tuple[str, str]]:
    if plan is None:
        yield "Will run", "nothing: no action of the policy takes this change"
        return
    limits = f"{_duration(plan.limits.timeout)}, {plan.limits.memory // 2**20} MiB"
    name, _, digest = plan.image.rpartition("@")
    box = f"{code(plan.sandbox, cell=True)} ({code(_cut(name), cell=True)} {code(digest[:19], cell=True)}, {limits})"
    yield "Will run", f"{_argv(plan.argv)} in {box}"
    yield "Way back", _argv(plan.rollback) if isinstance(plan.rollback, tuple) else _WAYS[plan.rollback]
    yield "Will be minted", _some([_scope(scope) for scope in plan.scopes]) or "nothing"
    reach = ", ".join(code(str(endpoint), cell=True) for endpoint in plan.allow[:_MOST]) + _more(plan.allow)
    yield "Network", f"{plan.network_tier.value}: {reach}" if reach else "none"


def _scope(scope: Scope) -> str:
    parameters = [f"{inline(name)} {code(_cut(value), cell=True)}" for name, value in sorted(scope.parameters.items())]
    return " · ".join([inline(scope.provider), inline(scope.name), *parameters, f"{_duration(scope.ttl)}, revoked after the run"])


def _refusal(reason: Reason) -> str:
    passes = f" To pass: {inline(reason.to_pass)}." if reason.to_pass else ""
    place = f" ({code(str(reason.place), cell=True)})" if reason.place else ""
    return f"**{inline(reason.rule)}**{place}: {inline(_cut(reason.text, 400))}.{passes}"


def _reason(reason: Reason) -> str:
    asks = reason.tier or (reason.effect.word if reason.effect is not None else "")
    parts = [f"{inline(asks)}: {inline(reason.rule)}" if asks else inline(reason.rule)]
    if reason.place is not None:
        parts.append(code(str(reason.place), cell=True))
    if reason.path is not None:
        parts.append(f"for {_path(reason.path)}")
    text = " ".join(parts) + (f" ({inline(_cut(reason.text))})" if reason.text else "")
    return f"**{text} ← decides**" if reason.decides else text


def _waits(view: Judged) -> str:
    decision, asked = view.decision, view.records.asked
    slots = " · ".join(_slot(need) for need in decision.needs)
    lives = "" if decision.expires is None else f" · an approval lives {_duration(decision.expires)}"
    if asked is None:
        return f"{slots}{lives}<br>**not yet:** approvals count once a runner has put the question on the record"
    return f"{slots}{lives}<br>asked {asked.time:%Y-%m-%d %H:%M:%S} UTC, record {asked.seq}: approvals since then count"


def _slot(need: Need) -> str:
    people = "".join(f" {code(person.username, cell=True)}" for person in need.filled_by)
    what = " to lift the freeze" if need.emergency else ""
    return f"{inline(need.team)}{what}: {len(need.filled_by)} of {need.count}{' ✔' if not need.missing else ''}{people}"


def _claims(view: Judged) -> str:
    """Fold in what the agent says beside the description, as quotation."""
    proposal = view.observation.proposal
    said = proposal.claims
    lines = [f"not sure: {text}" for text in said.not_sure]
    named = (("environment", said.environment), ("action", said.action), ("skill", said.skill), ("rollback", said.rollback))
    lines += [f"{name}: {value}" for name, value in named if value]
    lines += [f"test: {text}" for text in said.tests]
    if proposal.agent is None or not lines:
        return ""
    who = f"{code(_cut(proposal.agent.id))}" + (f" with {code(_cut(proposal.agent.model))}" if proposal.agent.model else "")
    asked = f", asked by {code(proposal.sponsor.username)}" if proposal.sponsor is not None else ""
    words = quote("\n".join(lines[:40]))
    return f"<details><summary>What the agent says: quoted, unverified</summary>\n\n{who}{asked}:\n\n{words}\n\n</details>"


def _how(view: Judged) -> str:
    proposal, records = view.observation.proposal, view.records
    lines = [
        f"- what changes: `git diff {proposal.base} {proposal.tree}` (the tree that merging gives)",
        f"- the decision: `countersign policy explain '!{view.change.ref.iid}'`, in a clone that has fetched the change",
        f"- the policy that judged: `git show {proposal.base}:.countersign/policy.yaml`",
    ]
    found = (records.asked, records.refused, records.intent, records.outcome)
    lines += [f"- {entry.kind.value}: {_record(entry)}" for entry in found if entry is not None]
    return "<details><summary>How to reproduce</summary>\n\n" + "\n".join(lines) + "\n\n</details>"


def _record(entry: Entry) -> str:
    return f"Record {entry.seq} on branch `{AUDIT_BRANCH}`: `countersign audit show {entry.seq}`, {code(entry.digest[:19])}"


def _digests(*named: tuple[str, str] | None) -> str:
    return " · ".join(f"{name} `{value.removeprefix('sha256:')[:12]}`" for name, value in (item for item in named if item))


def _file(file: FileChange) -> str:
    kinds = "".join(f" **{kind.value}**" for kind in sorted(file.kinds))
    return f"{file.status.value} {_path(file.path)} +{file.added} -{file.removed}{kinds}"


def _argv(argv: Sequence[str]) -> str:
    shown = " ".join(code(_cut(argument), cell=True) for argument in argv[: 2 * _MOST])
    return shown + _more(argv, 2 * _MOST)


def _path(path: str) -> str:
    return _code(path)


def _code(text: str) -> str:
    return code(_cut(text), cell=True)


def _some(items: Sequence[str]) -> str:
    return "<br>".join(items[:_MOST]) + _more(items)


def _more(items: Sequence[object], shown: int = _MOST) -> str:
    return f"<br>… and {len(items) - shown} more" if len(items) > shown else ""


def _cut(text: str, longest: int = _LONG) -> str:
    return text if len(text) <= longest else text[: longest - 1] + "…"


def _duration(seconds: int) -> str:
    for size, unit in ((_DAY, "d"), (_HOUR, "h"), (_MINUTE, "min")):
        if seconds >= size and seconds % size == 0:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"
