"""Names that lead nowhere, and tiers that ask nobody: what a schema cannot see. Gives places, builds nothing."""

from collections.abc import Iterable, Iterator

from countersign.domain.policy import Document

Where = tuple[str | int, ...]
OWNER = "owner"
REFUSE = "refuse"
_MODES = ("autonomous", "approve", "notify")
"""Mildest first, as the effects are."""


def dangling(document: Document) -> Iterator[tuple[Where, str]]:
    """Give every part that names something that is not there, or that could never ask anybody."""
    if OWNER in document.teams:
        yield ("teams", OWNER), f"{OWNER!r} stands for the owners of the services touched: call the team otherwise"
    yield from _tiers(document)
    yield from _rules(document)
    yield from _environments(document)
    for name, service in document.services.items():
        yield from _known(("services", name, "owner"), [service.owner], document.teams, "team")
        yield from _known(("services", name, "at_least"), [service.at_least], document.tiers, "tier")
    yield from _actions(document)
    for name, freeze in document.freezes.items():
        if freeze.end <= freeze.start:
            yield ("freezes", name, "end"), "the freeze ends before it begins"


def _tiers(document: Document) -> Iterator[tuple[Where, str]]:
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
            yield from _known(("tiers", name, "approvals", number, "from"), [slot.from_], known, "team")
    if document.unmatched != REFUSE:
        yield from _known(("unmatched",), [document.unmatched], document.tiers, "tier")


def _rules(document: Document) -> Iterator[tuple[Where, str]]:
    names: set[str] = set()
    for number, rule in enumerate(document.rules):
        where: Where = ("rules", number)
        yield from _known((*where, "tier"), [rule.tier], document.tiers, "tier")
        if rule.name in names:
            yield (*where, "name"), "another rule has this name"
        names.add(rule.name)
        if rule.tier is None and rule.deny is None and not rule.alone:
            yield where, "a rule needs a tier, alone or deny: this one does nothing"
        if rule.paths is None and not rule.kinds and rule.plan is None and not rule.removes:
            yield where, "a rule needs paths, kinds, plan or removes: this one matches nothing"
        if rule.plan is not None and not (rule.plan.deletes or rule.plan.replaces or rule.plan.turns_off):
            yield (*where, "plan"), "plan needs deletes, replaces or turns_off"
        if rule.paths is not None and all(path.startswith("!") for path in rule.paths):
            yield (*where, "paths"), "a list of paths needs one that does not begin with '!'"


def _environments(document: Document) -> Iterator[tuple[Where, str]]:
    for name, environment in document.environments.items():
        where: Where = ("environments", name)
        yield from _known((*where, "at_least"), [environment.at_least], document.tiers, "tier")
        yield from _known((*where, "network"), [environment.network], document.networks, "network")
        yield from _known((*where, "freezes"), environment.freezes, document.freezes, "freeze")


def _actions(document: Document) -> Iterator[tuple[Where, str]]:
    for name, action in document.actions.items():
        where: Where = ("actions", name)
        yield from _known((*where, "sandbox"), [action.sandbox], document.sandboxes, "sandbox")
        yield from _known((*where, "credentials"), action.credentials.run, document.credentials, "credential")
        if action.run[0].startswith("{"):
            yield (*where, "run"), "the program is a fixed name, not a placeholder"


def _known(where: Where, names: Iterable[str | None], known: Iterable[str], what: str) -> Iterator[tuple[Where, str]]:
    known = list(known)
    for name in names:
        if name is not None and name not in known:
            yield where, f"there is no {what} {name[:60]!r}"
