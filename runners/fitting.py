"""Makes the body of an end fit into a record, of a run or of a question: the last resort, so that no size keeps one from it. Pure.

Leaves out one part after the other, those first that the intent or the question holds anyway, until there is room. `left_out` in
the record names each with its size and digest. What remains in the end has a bounded length: how it ended, a credential that may
still live, and some of the approvals that there were.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from countersign.attestation import readable
from countersign.attestation.room import fits
from countersign.domain.canonical import canonical_json
from countersign.domain.ids import MAX_PROJECT, digest_of
from countersign.domain.scope import Proof
from countersign.domain.tokens.placeholder import fitting

_FEW = 20
"""Approvals that remain, and reasons why some do not count."""

_SHORT, _WRITTEN = MAX_PROJECT, 400
"""Characters of a text that remains, and bytes: what nobody would see is written long. The path of a change's project is never cut,
since readers tell by it whose record it is."""

Body = dict[str, object]
Shorten = Callable[[object], object]


def fitted(
    body: Mapping[str, object],
    parts: Sequence[tuple[str, tuple[str, ...], Shorten]],
    complete: Callable[[Mapping[str, object]], Body] = dict,
) -> Body:
    """Give `complete(body)`, without as many of the parts as it has to be to fit into a record.

    `complete` adds what is computed from the rest, and is bounded itself.
    """
    left: list[Body] = []
    for part, path, shorten in parts:
        done = complete(body)
        if fits(done):
            return done
        shorter, whole = _shortened(body, path, shorten)
        if shorter != body:
            written = readable.dump(whole)
            count = {"count": len(whole)} if isinstance(whole, list) else {}
            left.append({"bytes": len(written), **count, "digest": digest_of(canonical_json(whole)), "part": part})
            body = {**shorter, "left_out": list(left)}
    return complete(body)


def _shortened(body: Mapping[str, object], path: tuple[str, ...], shorten: Shorten) -> tuple[Body, object]:
    """Give the body with a shorter part, and the part as it was; the same body where it has no such part."""
    name, *inner = path
    whole = body.get(name)
    if inner and isinstance(whole, Mapping):
        shorter, part = _shortened(whole, tuple(inner), shorten)
        return {**body, name: shorter}, part
    return ({**body, name: shorten(whole)} if name in body and not inner else {**body}), whole


def _nothing(_: object) -> object:
    return []


def _silent(grants: object) -> object:
    """Take out what targets said of each credential."""
    return [{**grant, "proof_detail": None} for grant in _mappings(grants)]


def _not_dead(grants: object) -> object:
    """Leave out credentials that are proved dead."""
    return [grant for grant in _mappings(grants) if grant.get("proof") != Proof.DEAD.value]


def _one(grants: object) -> object:
    """Leave one of those that are not proved dead, for whoever looks whether there is one: the intent names all."""
    return [_scalars(grant) for grant in _mappings(grants)[:1]]


def _first(items: object) -> object:
    return items[:_FEW] if isinstance(items, list) else items


def _first_scalars(items: object) -> object:
    return [_scalars(item) for item in _mappings(items)[:_FEW]]


def _beginning(text: object) -> object:
    return fitting(text, _SHORT, written=_WRITTEN) if isinstance(text, str) else text


def _scalars(value: object) -> object:
    """Leave numbers, verdicts and the beginning of texts; of outputs the digests, of lists that there is one."""
    if not isinstance(value, Mapping):
        return value
    kept = {name: _beginning(item) for name, item in value.items() if item is None or isinstance(item, str | int)}
    kept |= {name: [] for name, item in value.items() if isinstance(item, list)}
    return kept | {name: _scalars(value[name]) for name in ("stderr", "stdout") if isinstance(value.get(name), Mapping)}


def _mappings(value: object) -> list[Mapping[str, object]]:
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, list) else []


OF_A_RUN: Final[tuple[tuple[str, tuple[str, ...], Shorten], ...]] = (
    ("change.paths", ("change", "paths"), _nothing),
    ("actor.approvers", ("actor", "approvers"), _nothing),
    ("result.argv", ("result", "argv"), _nothing),
    ("change.counts_as", ("change", "counts_as"), lambda _: {}),
    ("result.stdout.tail", ("result", "stdout", "tail"), _beginning),
    ("result.stderr.tail", ("result", "stderr", "tail"), _beginning),
    ("grants[].proof_detail", ("grants",), _silent),
    ("result.connections", ("result", "connections"), _nothing),
    ("fault", ("fault",), _beginning),
    ("grants[] proved dead", ("grants",), _not_dead),
    ("timeline", ("timeline",), _nothing),
    ("result", ("result",), _scalars),
    ("change", ("change",), _scalars),
    ("actor", ("actor",), _scalars),
    ("grants[] not proved dead", ("grants",), _one),
)
"""What is left out, in this order: the name that the record gives it, where it stands, and what becomes of it."""

OF_A_QUESTION: Final[tuple[tuple[str, tuple[str, ...], Shorten], ...]] = (
    ("change.paths", ("change", "paths"), _nothing),
    ("change.counts_as", ("change", "counts_as"), lambda _: {}),
    ("evidence.answers", ("evidence", "answers"), _nothing),
    ("evidence.versions", ("evidence", "versions"), _nothing),
    ("decision.discounted beyond 20", ("decision", "discounted"), _first),
    ("approvals beyond 20", ("approvals",), _first),
    ("unjudged", ("unjudged",), _beginning),
    ("change", ("change",), _scalars),
    ("policy", ("policy",), _scalars),
    ("decision", ("decision",), _scalars),
    ("approvals[]", ("approvals",), _first_scalars),
    ("actor", ("actor",), _scalars),
)
"""The same where no run is its end. The question has what is left out of change and policy, and says who asked."""
