"""Lines without their comments, and whether one ends within a string that goes on: what `lines` asks of a kind of file.

A comment that begins in a string is none, and a line that stands in a string or a comment is not the line that it looks like.
Judges nothing.
"""

import re
from typing import Protocol

_HCL = (".tf", ".tofu", ".hcl", ".tfvars")
_CODE = re.compile(r'"|/\*|#|//|[{}]')
_TEXT = re.compile(r'\\.|\$\$\{|%%\{|[$%]\{|"')
_STRING = 0
"""On the stack of HCL: a string. Any other number counts the braces that are open in an expression within one."""

_PLAIN = re.compile(
    r'"(?:[^"\\]|\\.)*(?:"|(?P<double>$))'
    r"|(?:(?<=[\s:\[{(,=-])|^)'[^']*(?:'|(?P<single>$))"
    r"|(?:^|(?<=\s))(?P<comment>#|//|--\s).*"
)
_ENDS = {'"': re.compile(r'(?:[^"\\]|\\.)*"'), "'": re.compile(r"[^']*'")}


class LineReader(Protocol):
    """Reads the lines of one file in their order."""

    def strip(self, line: str) -> str:
        """Give the line without its comments."""

    @property
    def open(self) -> bool:
        """Say whether the last line ended within a string."""


def line_reader(path: str) -> LineReader:
    """Choose by the kind of file."""
    return _Hcl() if path.lower().endswith(_HCL) else _Plain()


class _Hcl:
    """Terraform's language: an expression in a string may go over lines, and hold strings and comments of its own."""

    def __init__(self) -> None:
        self._comment = False
        self._stack: list[int] = []

    @property
    def open(self) -> bool:
        return bool(self._stack)

    def strip(self, line: str) -> str:
        kept: list[str] = []
        at = 0
        while at < len(line):
            if self._comment:
                end = line.find("*/", at)
                self._comment = end < 0
                at = len(line) if self._comment else end + 2
                continue
            text = bool(self._stack) and self._stack[-1] == _STRING
            mark = (_TEXT if text else _CODE).search(line, at)
            stop = len(line) if mark is None else mark.start()
            if mark is None or (not text and mark[0] in {"#", "//"}):
                kept.append(line[at:stop])
                break
            self._comment = not text and mark[0] == "/*"
            kept.append(line[at : stop if self._comment else mark.end()])
            self._step(mark[0], text=text)
            at = mark.end()
        return "".join(kept)

    def _step(self, mark: str, *, text: bool) -> None:
        if mark == '"' and text:
            self._stack.pop()
        elif mark == '"':
            self._stack.append(_STRING)
        elif text and mark in {"${", "%{"}:
            self._stack.append(1)
        elif not text and mark in {"{", "}"} and self._stack:
            self._stack[-1] += 1 if mark == "{" else -1
            if not self._stack[-1]:
                self._stack.pop()


class _Plain:
    """Everything else: strings in quotes, of which YAML's may go over lines, and comments of the usual kinds."""

    def __init__(self) -> None:
        self._quote = ""

    @property
    def open(self) -> bool:
        return self._quote != ""

    def strip(self, line: str) -> str:
        begin = 0
        if self._quote:
            end = _ENDS[self._quote].match(line)
            if end is None:
                return line
            begin, self._quote = end.end(), ""
        for mark in _PLAIN.finditer(line, begin):
            if mark["comment"] is not None:
                return line[: mark.start()]
            if mark["double"] is not None or mark["single"] is not None:
                self._quote = '"' if mark["double"] is not None else "'"
        return line
