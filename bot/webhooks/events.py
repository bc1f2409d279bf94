"""What a delivery can turn out to be. All of it is a hint: state is read anew from the forge before anything is decided."""

import re
from dataclasses import dataclass, field
from enum import StrEnum

from countersign.domain.ids import ChangeRef

_SHORTEST_TOKEN = 16
_KEY_BYTES = 32
_WHOLE = re.compile(r"[\x21-\x7e]+")


class Kind(StrEnum):
    """What the delivery is about."""

    CHANGE = "change"
    BRANCH = "branch"


@dataclass(frozen=True, slots=True)
class Event:
    """Something may have happened to the change `iid` or, where that is None, to a branch of the project."""

    project: str
    iid: int | None
    kind: Kind
    delivery: str
    branch: str | None = None


@dataclass(frozen=True, slots=True)
class Ignored:
    """Genuine, and of no interest. `why` is for the log."""

    project: str
    why: str


@dataclass(frozen=True, slots=True)
class Rejected:
    """Not taken. `status` is 400 or 401; `why` is safe to show to anybody: it names headers and fields, never values."""

    status: int
    why: str


@dataclass(frozen=True, slots=True)
class HookSecret:
    """What one project's webhook proves itself with: the token it sends along and the key that it signs with."""

    project: str
    token: str = field(repr=False)
    key: bytes = field(repr=False)

    def __post_init__(self) -> None:
        """Refuse what would let anybody in (attack 1).

        Raises:
            ValueError: the token is empty, short or not printable; the key is not of its length. The text tells no secret.
        """
        ChangeRef(self.project, 1)
        if len(self.token) < _SHORTEST_TOKEN or not _WHOLE.fullmatch(self.token):
            raise ValueError(f"the webhook token must have at least {_SHORTEST_TOKEN} printable ASCII characters and no blanks")
        if len(self.key) != _KEY_BYTES:
            raise ValueError(f"the signing secret must hold {_KEY_BYTES} bytes")
