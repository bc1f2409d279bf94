"""Columns line up whether painted or not, and nothing is painted where nobody asked for it."""

import io

import pytest

from countersign.cli.table import Brush, Cell, Style, table


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


ROWS: list[list[Cell | str]] = [[Cell("pass", Style.GOOD), "a", "long words"], ["refused", Cell("bcd", Style.FAINT), ""]]


def test_columns_line_up() -> None:
    assert list(Brush(colour=False).table(ROWS, indent=" ")) == [" pass     a    long words", " refused  bcd"]
    painted = "\n".join(Brush(colour=True).table(ROWS, indent=" "))
    assert painted.replace("\x1b[32m", "").replace("\x1b[2m", "").replace("\x1b[0m", "").startswith(" pass     a    long words\n")
    assert "\x1b[32mpass\x1b[0m" in painted


def test_no_rows_are_no_lines() -> None:
    assert not list(Brush(colour=True).table([]))


@pytest.mark.parametrize(("name", "value"), [("NO_COLOR", "1"), ("TERM", "dumb")])
def test_colour_is_for_terminals_that_want_it(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    assert Brush.of(Terminal()).colour
    assert not Brush.of(io.StringIO()).colour
    monkeypatch.setenv(name, value)
    assert not Brush.of(Terminal()).colour


def test_columns_are_aligned_and_the_last_is_cut() -> None:
    text = table(("a", "b"), [("long cell", "x" * 100), ("s", "y")], width=30)
    assert text.splitlines() == ["A          B", "long cell  " + "x" * 18 + "…", "s          y"]


def test_a_terminal_is_given_nothing_to_obey() -> None:
    assert "\x1b" not in table(("a",), [("\x1b[2J",)])
    assert table(("a",), [("one\ntwo",)]).splitlines() == ["A", "one two"]


def test_no_rows_are_no_table() -> None:
    assert table(("a",), []) == ""
