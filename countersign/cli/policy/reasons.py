"""A decision's reasons as a table: what each asks for, which part of the policy it is, where that stands, and which decide."""

from collections.abc import Iterator

from countersign.cli.table import Brush, Cell, Style
from countersign.domain.decision import Decision, Effect, Reason
from countersign.domain.glob_index import GlobIndex
from countersign.domain.neutral import visible
from countersign.domain.policy import Policy

_LOOKS = {
    Effect.AUTONOMOUS: Style.GOOD,
    Effect.APPROVE: Style.CARE,
    Effect.NOTIFY: Style.CARE,
    Effect.FROZEN: Style.CARE,
    Effect.REFUSED: Style.BAD,
}


def outcome(decision: Decision) -> Cell:
    """Give the outcome as a word."""
    return Cell(decision.effect.word, _LOOKS[decision.effect])


def table(decision: Decision, policy: Policy, brush: Brush, *, indent: str = "  ") -> Iterator[str]:
    """Give a line for each reason; those of tiers from the mildest up, as they add up, then what holds or refuses."""
    order = list(policy.document.tiers)

    def strictness(reason: Reason) -> tuple[int, int]:
        return (reason.effect or 0, order.index(reason.tier) if reason.tier in order else -1)

    rows: list[list[Cell | str]] = []
    for reason in sorted(decision.reasons, key=strictness):
        asks = reason.tier or (reason.effect.word if reason.effect is not None else "-")
        look = _LOOKS[reason.effect] if reason.effect is not None else Style.PLAIN
        rows.append(
            [
                Cell(asks, look),
                visible(reason.rule),
                visible(_because(reason, policy)),
                Cell("" if reason.place is None else f"{reason.place.file}:{reason.place.line}", Style.FAINT),
                Cell("<- decides" if reason.decides else "", Style.STRONG),
            ]
        )
    return brush.table(rows, indent=indent)


def _because(reason: Reason, policy: Policy) -> str:
    """Give the pattern by which a rule applies; where there is none, what the reason says."""
    rule = next((rule for rule in policy.document.rules if rule.name == reason.rule), None)
    if rule is None or reason.path is None:
        return reason.text
    pattern = next(
        (pattern for pattern in rule.paths or () if not pattern.startswith("!") and GlobIndex([[pattern]]).match(reason.path)),
        reason.path,
    )
    return pattern if reason.effect is None else f"{pattern}: {reason.text}"
