"""Our values as plain data that JSON can hold, and back exactly: frozen dataclasses of text, numbers, times and collections.

Works from the annotations, so a field that is added later travels along. A field that holds its default is left out, and a
field that is not there is its default: that keeps records small, and records of a time before the field readable. So a default
is part of the form: change one only together with the version of what is written. A field that is not known is refused: what
was decided with it cannot be decided without it. Checks types, not what the values mean.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import MISSING, Field, dataclass, fields, is_dataclass
from datetime import UTC, datetime
from enum import Enum
from functools import cache, partial
from types import NoneType, UnionType
from typing import Any, NewType, TypeVar, Union, get_args, get_origin, get_type_hints

from countersign.domain.canonical import canonical_json
from countersign.domain.ids import MalformedError

Value = TypeVar("Value")
_SCALARS = (str, int, bool, NoneType)
_DEEPEST = 24


def to_plain(value: object) -> object:  # noqa: PLR0911 - a form for each kind of value
    """Give a value as objects, lists, text, integers, booleans and null.

    Raises:
        MalformedError: it holds something that has no plain form, or a time without a zone.
    """
    match value:
        case Enum():
            return value.value
        case None | bool() | int() | str():
            return value
        case datetime():
            return _moment(value)
        case frozenset():
            return sorted((to_plain(item) for item in value), key=canonical_json)
        case Mapping():
            return {_key(key): to_plain(item) for key, item in value.items()}
        case tuple():
            return [to_plain(item) for item in value]
        case _ if is_dataclass(value) and not isinstance(value, type):
            return {
                field.name: to_plain(item) for field in fields(value) if not _is_default(field, item := getattr(value, field.name))
            }
        case _:
            raise MalformedError(f"a value of type {type(value).__name__} has no plain form")


def from_plain(kind: type[Value], document: object, *, name: str = "document") -> Value:
    """Build a value of this kind from plain data. `name` begins every place that an error names.

    Raises:
        MalformedError: the data is not of this kind; the text names the field, never a value.
    """
    return _built(kind, document, (name,))  # type: ignore[no-any-return]  # checked by construction


Where = tuple[str, ...]


def _built(kind: Any, value: object, where: Where) -> Any:  # noqa: ANN401, C901, PLR0911 - a kind in, a value of it out
    if len(where) > _DEEPEST:
        raise _wrong(where, "is nested too deep")
    if isinstance(kind, NewType):
        return _built(kind.__supertype__, value, where)
    if kind in _SCALARS:
        return _scalar(kind, value, where)
    if kind is datetime:
        return _time(value, where)
    origin, inner = get_origin(kind), get_args(kind)
    if origin in {Union, UnionType}:
        return _one_of(inner, value, where)
    if origin is tuple:
        return _tuple(inner, value, where)
    if origin is frozenset:
        return frozenset(_built(inner[0], item, where) for item in _list(value, where))
    if origin is Mapping:
        return {str(key): _built(inner[1], item, (*where, str(key))) for key, item in _object(value, where).items()}
    if isinstance(kind, type) and issubclass(kind, Enum):
        return _checked(partial(kind, value), where)
    if isinstance(kind, type) and is_dataclass(kind):
        return _dataclass(kind, value, where)
    raise TypeError(f"{'.'.join(where)} is annotated as {kind}, which has no plain form")


@dataclass(frozen=True, slots=True)
class _Form:
    """A dataclass as it is written: what each field is, and which ones must be there."""

    kinds: Mapping[str, Any]
    needed: frozenset[str]


@cache
def _form(kind: type) -> _Form:
    hints = get_type_hints(kind)
    kept = [field for field in fields(kind) if field.init]
    return _Form({field.name: hints[field.name] for field in kept}, frozenset(field.name for field in kept if not _optional(field)))


def _dataclass(kind: type, value: object, where: Where) -> object:
    found, form = _object(value, where), _form(kind)
    for name in found:
        if name not in form.kinds:
            raise _wrong((*where, name[:64]), "is not known to this version")
    for name in form.needed:
        if name not in found:
            raise _wrong((*where, name), "is missing")
    parts = {name: _built(form.kinds[name], item, (*where, name)) for name, item in found.items()}
    return _checked(partial(kind, **parts), where)


def _checked(make: Callable[[], object], where: Where) -> object:
    try:
        return make()
    except ValueError:
        raise _wrong(where, "is not of its form") from None


def _scalar(kind: type, value: object, where: Where) -> object:
    if type(value) is not kind:  # a boolean is no number here
        raise _wrong(where, f"is no {kind.__name__}")
    return value


def _time(value: object, where: Where) -> datetime:
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        moment = None
    if moment is None or moment.utcoffset() is None or _moment(moment) != value:
        raise _wrong(where, "is no time")
    return moment


def _one_of(kinds: Iterable[Any], value: object, where: Where) -> object:
    """Give a scalar as what it is; anything else is the one kind that is no scalar."""
    for kind in kinds:
        if kind in _SCALARS and type(value) is kind:
            return value
    others = [kind for kind in kinds if kind not in _SCALARS]
    if not others:
        raise _wrong(where, "is of another type")
    if len(others) > 1:
        raise TypeError(f"{'.'.join(where)} can be several kinds, which plain data does not tell apart")
    return _built(others[0], value, where)


def _tuple(inner: tuple[Any, ...], value: object, where: Where) -> tuple[object, ...]:
    items = _list(value, where)
    if inner[1:] == (...,):
        return tuple(_built(inner[0], item, (*where, str(number))) for number, item in enumerate(items))
    if len(items) != len(inner):
        raise _wrong(where, f"has not {len(inner)} parts")
    return tuple(_built(kind, item, (*where, str(number))) for number, (kind, item) in enumerate(zip(inner, items, strict=True)))


def _list(value: object, where: Where) -> Sequence[object]:
    if not isinstance(value, list | tuple):
        raise _wrong(where, "is no list")
    return value


def _object(value: object, where: Where) -> Mapping[str, object]:
    if not isinstance(value, Mapping) or not all(isinstance(key, str) for key in value):
        raise _wrong(where, "is no object")
    return value


def _optional(field: Field[Any]) -> bool:
    return field.default is not MISSING or field.default_factory is not MISSING


def _is_default(field: Field[Any], value: object) -> bool:
    default = field.default if field.default_factory is MISSING else field.default_factory()
    return bool(value == default) and isinstance(value, bool) is isinstance(default, bool)


def _key(key: object) -> str:
    if not isinstance(key, str):
        raise MalformedError("a key that is no text has no plain form")
    return key


def _moment(value: datetime) -> str:
    if value.utcoffset() is None:
        raise MalformedError("a time without a zone has no plain form")
    try:
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    except OverflowError:
        raise MalformedError("a time at the edge of the calendar has no plain form") from None


def _wrong(where: Where, why: str) -> MalformedError:
    return MalformedError(f"{'.'.join(where)[:300]} {why}")
