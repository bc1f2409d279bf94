"""Tables for terminals."""

from countersign.cli.audit.grid import table


def test_columns_are_aligned_and_the_last_is_cut() -> None:
    text = table(("a", "b"), [("long cell", "x" * 100), ("s", "y")], width=30)
    assert text.splitlines() == ["A          B", "long cell  " + "x" * 18 + "…", "s          y"]


def test_a_terminal_is_given_nothing_to_obey() -> None:
    assert "\x1b" not in table(("a",), [("\x1b[2J",)])
    assert table(("a",), [("one\ntwo",)]).splitlines() == ["A", "one two"]


def test_no_rows_are_no_table() -> None:
    assert table(("a",), []) == ""
