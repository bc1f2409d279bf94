"""Writes the folded part of the comment that shows what a change of the policy would mean. Pure."""

from collections.abc import Iterator

from bot.policy_review import RECORDS, PolicyReview
from countersign.domain.neutral import code, inline, quote
from countersign.domain.policy_diff import PolicyDiff, Turn, Turned

_MOST = 20
_LINES = 20
_MARKS = {Turn.LOOSER: "⚠ looser", Turn.STRICTER: "stricter", Turn.OTHER: "otherwise"}


def section(review: PolicyReview | None) -> str:
    """Write it; nothing where the change leaves the policy as it is."""
    if review is None:
        return ""
    if review.diff is None:
        lines = (review.problem or "").splitlines()
        more = [f"… and {len(lines) - _LINES} more"] if len(lines) > _LINES else []
        return "**This policy does not load: once merged, everything would be refused.**\n\n" + quote(
            "\n".join(lines[:_LINES] + more)
        )
    body = "\n".join(_lines(review.diff, review.missing))
    return f"<details><summary>{_summary(review.diff)}{_left(review.missing)}</summary>\n\n{body}\n\n</details>"


def _summary(diff: PolicyDiff) -> str:
    if not diff.turned:
        return f"Of the last {diff.compared} decisions none would be another one under this policy"
    looser, stricter = diff.turns(Turn.LOOSER), diff.turns(Turn.STRICTER)
    count = f"{len(diff.turned)} of the last {diff.compared} decisions"
    return f"Under this policy {count} would be others: {looser} looser, {stricter} stricter"


def _left(missing: int) -> str:
    """What could not be compared could be another decision: nobody should have to unfold the text to learn that."""
    return f"; {missing} could not be compared" if missing else ""


def _lines(diff: PolicyDiff, missing: int) -> Iterator[str]:
    yield from (f"- {number} x {inline(words)}" for words, number in diff.counts().items())
    if diff.turned:
        yield ""
        yield "| when | change | | was | would be | by |"
        yield "|---|---|---|---|---|---|"
        order = list(Turn)
        shown = sorted(diff.turned, key=lambda turned: order.index(turned.turn))[:_MOST]
        yield from (_row(turned) for turned in shown)
        if len(diff.turned) > _MOST:
            yield ""
            yield f"… and {len(diff.turned) - _MOST} more"
    yield ""
    left = f"; {missing} of them do not hold what they were decided from" if missing else ""
    yield f"From the newest {RECORDS} records{left}. All of them: `countersign policy diff OLD NEW`"


def _row(turned: Turned) -> str:
    rules = ", ".join(code(rule[:80], cell=True) for rule in turned.rules[:3])
    was, would_be = inline(turned.old.words), inline(turned.new.words)
    return (
        f"| {turned.at:%Y-%m-%d} | {code(str(turned.change), cell=True)} | {_MARKS[turned.turn]} | {was} | {would_be} | {rules} |"
    )
