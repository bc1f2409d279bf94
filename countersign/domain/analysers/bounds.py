"""How much of the structured files of a change is read: what is counted, and what is refused. Reads nothing itself.

A reader of YAML takes tens of microseconds for a value of two characters, and aliases unfold: 2 MiB could keep a runner busy for a
minute, or fill its memory. So all files of a change share one allowance, and it is counted, not timed.
"""

MOST_PARTS = 250_000
"""Values in all files of a change together, and for YAML the events that they are made of: some 30 microseconds for each."""

_MOST_NODES = 100_000
DEEPEST = 60
_LONGEST_PATH = 1000


class NotReadError(Exception):
    """The text does not become a tree. Its text says why, safe to show."""

    def __init__(self, line: int, why: str) -> None:
        """Keep where."""
        super().__init__(why)
        self.line = line


class TooMuchError(NotReadError):
    """It was not looked at, so nothing is known of its form: it may be what it always was."""


class Allowance:
    """What reading may cost for one change. Where it is used up every further read is refused, and `used_up` says so."""

    def __init__(self, parts: int = MOST_PARTS) -> None:
        """Begin with nothing used."""
        self._left = parts

    @property
    def used_up(self) -> bool:
        """Say whether something was refused for the sake of it."""
        return self._left < 0

    def use(self, line: int) -> None:
        """Take one part.

        Raises:
            TooMuchError: nothing is left.
        """
        self._left -= 1
        if self._left < 0:
            raise TooMuchError(line, f"is part of a change with more than {MOST_PARTS} values in structured files")


class Count:
    """Counts the parts of a file, unfolded aliases among them."""

    def __init__(self, allowance: Allowance) -> None:
        """Begin a file of a change."""
        self._seen = 0
        self._allowance = allowance

    def one(self, line: int, depth: int, length: int) -> None:
        """Count a part at a depth, under keys of so many characters together.

        Raises:
            NotReadError: that is beyond a bound.
        """
        self._allowance.use(line)
        self._seen += 1
        if self._seen > _MOST_NODES or depth > DEEPEST:
            raise NotReadError(line, f"has more than {_MOST_NODES} values, aliases unfolded, or more than {DEEPEST} levels")
        if length > _LONGEST_PATH:
            raise NotReadError(line, f"has a path of keys of more than {_LONGEST_PATH} characters")
