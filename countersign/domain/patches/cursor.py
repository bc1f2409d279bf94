"""Where a reader is in the text of a diff. Knows lines, not what they mean."""

from countersign.domain.patches.model import PatchError


class Cursor:
    """The lines of a diff, without their newlines, and the one that is next."""

    def __init__(self, data: bytes) -> None:
        """Begin at the first line."""
        self._lines = data.removesuffix(b"\n").split(b"\n") if data else []
        self._at = 0

    @property
    def line(self) -> bytes | None:
        """Give the next line; None at the end."""
        return self._lines[self._at] if self._at < len(self._lines) else None

    @property
    def number(self) -> int:
        """Give the number of the next line, counted from 1; at the end, that of the last."""
        return min(self._at + 1, len(self._lines))

    def step(self) -> None:
        """Go on to the line after it."""
        self._at += 1

    def skip_blank(self) -> bool:
        """Go on to the next line that is not blank; say whether there is one."""
        while self.line is not None and not self.line.strip():
            self.step()
        return self.line is not None

    def peek(self, prefix: bytes) -> bytes | None:
        """Give what follows the prefix in the next line, without stepping over it; None where it begins otherwise."""
        line = self.line
        return line.removeprefix(prefix) if line is not None and line.startswith(prefix) else None

    def error(self, why: str, *, file: str | None = None, hunk: int | None = None) -> PatchError:
        """Make an error about the next line."""
        return PatchError(why, file=file, hunk=hunk, line=self.number)
