"""Turns changed files and their contents into facts, by asking every analyser. Decides nothing, fetches nothing.

A content that an analyser cannot do without and does not get is unclear, which refuses; one that only a rule might ask about is
told as unread or unparsed, and refuses where a rule does ask (`needed`). Nothing is ever "the first so many".
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import NamedTuple

from countersign.domain import sql
from countersign.domain.analysers import kubernetes, lines, signals, structured, terraform
from countersign.domain.analysers.bounds import Allowance, NotReadError, TooMuchError
from countersign.domain.analysers.contents import Sides, sides_of, too_much
from countersign.domain.analysers.generated import attributes_of, why_folded
from countersign.domain.analysers.keys import changes, widened
from countersign.domain.analysers.kustomize import unapplied
from countersign.domain.analysers.tree import Tree
from countersign.domain.facts import Facts, FileChange, KeyChange, Kind, Measured, Removed, Signal, Unclear
from countersign.domain.ids import Sha

ATTRIBUTES = ".gitattributes"
_MOST_STRUCTURED = 2 * 1024 * 1024
"""Characters of structured text in a change, both sides. Beyond, none of it is parsed."""

_MOST_SQL = 1024 * 1024
"""Characters of SQL in a change: some seven seconds. Beyond, none of it is analysed, which refuses."""

_MOST_KEYS = 2000
_MOST_SIGNALS = 500
_MOST_REMOVED = 50_000
_MOST_COMPARED = 8 * 1024 * 1024
"""Characters, both sides: some seven seconds, and four times as long where somebody means it. Beyond, no lines are compared."""

_TEMPLATE = "{{"
_MANIFEST = "apiVersion:"
"""Templates of manifests have many endings: .tpl, .j2, .gotmpl."""

Found = Measured | Removed | KeyChange | Signal | Unclear


def analyse(
    files: Sequence[FileChange],
    contents: Mapping[Sha, bytes],
    *,
    attributes: str = "",
    plans: Mapping[str, bytes] | None = None,
) -> Facts:
    """Give the facts.

    `contents` holds the blobs that `to_read` chose; `attributes` is the protected branch's `.gitattributes`; `plans` maps the
    directory of a Terraform root module to what `terraform show -json` said of its plan.
    """
    files = tuple(sorted(files, key=lambda file: file.path))
    sides = [sides_of(file, contents) for file in files]
    texts = [item for item in sides if isinstance(item, Sides)]
    removed, uncompared = _removed(texts)
    unread = (*(item for item in sides if isinstance(item, Unclear)), *uncompared)
    parsed = _Parsed(texts)
    found = [*_lines(files, texts, attributes), *parsed.found(), *_planned(plans or {})]
    unclear = [*too_much(files), *_sql(files, texts)]
    return Facts(
        files=files,
        effects=tuple(sorted({item for item in (*found, *unclear) if isinstance(item, Measured)})),
        removed=removed,
        keys=tuple(item for item in found if isinstance(item, KeyChange)),
        signals=_some({*(item for item in found if isinstance(item, Signal)), *_unseen(files, unread)}),
        unclear=tuple(sorted({item for item in (*found, *unclear) if isinstance(item, Unclear)})),
        unread=unread,
        unparsed=parsed.unparsed,
        planned=tuple(sorted(plans or {})),
    )


def _sql(files: Iterable[FileChange], texts: Iterable[Sides]) -> Iterator[Measured | Unclear]:
    readable = {item.path: item.new for item in texts if item.new is not None}
    wanted = [file.path for file in files if file.new_blob is not None and sql.is_sql(file.path)]
    too_long = sum(len(readable.get(path, "")) for path in wanted) > _MOST_SQL
    for path in wanted:
        if path not in readable:
            yield Unclear(path, 1, "the SQL cannot be read as UTF-8 text")
        elif too_long:
            yield Unclear(path, 1, f"a change with more than {_MOST_SQL} characters of SQL is not analysed; split it")
        else:
            for part in sql.effects(path, readable[path]):
                yield from part


def _lines(files: Iterable[FileChange], texts: Sequence[Sides], attributes: str) -> Iterator[Found]:
    own = ((item.path.rpartition("/")[0], item.new or "") for item in texts if item.path.rpartition("/")[2] == ATTRIBUTES)
    folding = attributes_of([("", attributes), *own])
    by_path = {item.path: item for item in texts}
    for file in files:
        yield from signals.of_name(file.path)
        sides = by_path.get(file.path)
        why = why_folded(file.path, None if sides is None else sides.new or sides.old, folding)
        if why is not None:
            yield Signal(signals.FOLDED, file.path, 1, f"{why}: forges fold it away")
        if sides is not None:
            yield from signals.of_lines(sides)


def _removed(texts: Iterable[Sides]) -> tuple[tuple[Removed, ...], tuple[Unclear, ...]]:
    """Give the lines that are gone, and the files that were not compared: all of them where there is too much to tell."""
    texts = [sides for sides in texts if sides.old is not None]
    if sum(len(sides.old or "") + len(sides.new or "") for sides in texts) > _MOST_COMPARED:
        return (), _uncompared(texts, f"is part of a change with more than {_MOST_COMPARED} characters in files that were there")
    found = tuple(islice((line for sides in texts for line in lines.removed(sides)), _MOST_REMOVED + 1))
    if len(found) <= _MOST_REMOVED:
        return found, ()
    return (), _uncompared(texts, f"is part of a change that removes more than {_MOST_REMOVED} lines")


def _uncompared(texts: Iterable[Sides], why: str) -> tuple[Unclear, ...]:
    return tuple(Unclear(sides.path, 1, why) for sides in texts)


def _some(found: Iterable[Signal]) -> tuple[Signal, ...]:
    """Keep what people can read. They lift together, so what is left out changes nothing."""
    ordered = sorted(found)
    if len(ordered) <= _MOST_SIGNALS:
        return tuple(ordered)
    left = len(ordered) - _MOST_SIGNALS
    return (*ordered[:_MOST_SIGNALS], Signal(ordered[-1].kind, ordered[-1].path, 1, f"and {left} more signals"))


def _unseen(files: Iterable[FileChange], unread: Iterable[Unclear]) -> Iterator[Signal]:
    """Tell of files that should be text and could not be looked into. What is no text has a kind that rules can name."""
    opaque = {file.path for file in files if file.kinds & {Kind.SYMLINK, Kind.SUBMODULE, Kind.BINARY}}
    yield from (Signal(signals.UNREAD, item.path, item.line, item.why) for item in unread if item.path not in opaque)


def _planned(plans: Mapping[str, bytes]) -> Iterator[Measured | Unclear]:
    for directory, plan in sorted(plans.items()):
        for part in terraform.effects(directory, plan):
            yield from part


class _File(NamedTuple):
    """A structured file before and after; no documents where a side is not there."""

    path: str
    old: Sequence[Tree]
    new: Sequence[Tree]


class _Parsed:
    """The structured files of a change as trees, and those that did not become one."""

    def __init__(self, texts: Sequence[Sides]) -> None:
        self._files: list[_File] = []
        self._templates: list[Sides] = []
        self._signals: list[Signal] = []
        broken: list[Unclear] = []
        chosen = [sides for sides in texts if structured.is_structured(sides.path) and sides.old != sides.new]
        pairs = [structured.differing(sides.path, sides.old or "", sides.new or "") for sides in chosen]
        for sides, texts_of, (old, new) in zip(chosen, pairs, _all_or_none(chosen, pairs), strict=True):
            if not isinstance(old, NotReadError) and not isinstance(new, NotReadError):
                self._files.append(_File(sides.path, old, new))
                continue
            error = new if isinstance(new, NotReadError) else old
            line, why = (error.line, str(error)) if isinstance(error, NotReadError) else (1, "")
            self._signals.append(Signal(signals.UNPARSED, sides.path, line, why))
            self._templates.append(sides)
            if not (_is_template(texts_of[0], old) if texts_of[0].strip() else _is_template(texts_of[1], new)):
                broken.append(Unclear(sides.path, line, why))
        self._others = [sides for sides in texts if not structured.is_structured(sides.path) and _MANIFEST in (sides.old or "")]
        self.unparsed = tuple(broken)

    def found(self) -> Iterator[Found]:
        """Give what the trees show."""
        yield from self._signals
        old = [item for file in self._files for item in kubernetes.manifests(file.path, file.old)]
        new = [item for file in self._files for item in kubernetes.manifests(file.path, file.new)]
        yield from kubernetes.effects(old, new)
        for sides in (*self._templates, *self._others):
            yield from kubernetes.gone_from_template(sides.path, sides.old, sides.new)
        for file in self._files:
            changed = list(changes(file.path, file.old, file.new))
            yield from changed[:_MOST_KEYS]
            if len(changed) > _MOST_KEYS:
                yield Signal(signals.UNPARSED, file.path, 1, f"{len(changed)} values change; {_MOST_KEYS} are told")
            for item in changed:
                yield from widened(item)
            yield from unapplied(file.path, file.old, file.new)


Read = Sequence[Tree] | NotReadError
Pairs = Sequence[tuple[str, str]]


def _all_or_none(chosen: Sequence[Sides], pairs: Pairs) -> list[tuple[Read, Read]]:
    """Read both sides of every file, or where that is too much in all, none: never the first so many."""
    longest = 0 if sum(len(text) for pair in pairs for text in pair) > _MOST_STRUCTURED else None
    allowance = Allowance()
    read = [_read(sides.path, pair, longest, allowance) for sides, pair in zip(chosen, pairs, strict=True)]
    if allowance.used_up:
        return [_read(sides.path, pair, 0, allowance) for sides, pair in zip(chosen, pairs, strict=True)]
    return read


def _read(path: str, pair: tuple[str, str], longest: int | None, allowance: Allowance) -> tuple[Read, Read]:
    old, new = (_read_side(path, text, longest, allowance) for text in pair)
    return old, new


def _read_side(path: str, text: str, longest: int | None, allowance: Allowance) -> Read:
    try:
        return structured.read(path, text, longest, allowance) if text.strip() else ()
    except NotReadError as error:
        return error


def _is_template(text: str, read: Read) -> bool:
    """Say whether what differs was a template before, or is one that is new: nobody expects it to parse (a chart of Helm).

    A manifest that did parse and does not any more is none, whatever marks it holds; nor is what was not looked at.
    """
    return isinstance(read, NotReadError) and not isinstance(read, TooMuchError) and _TEMPLATE in text
