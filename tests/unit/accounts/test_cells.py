"""Records as a spreadsheet: whatever their words, and whatever separator the spreadsheet takes, no cell is a formula."""

import csv

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from countersign.attestation.accounts.account import Account
from countersign.attestation.accounts.cells import COLUMNS, cell, csv_lines

STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # noqa: RUF001 - the wide ones are meant
words = st.text(st.sampled_from("=+-@\t\r\n＝＋－＠;,\"' a1|⟨\u202e\u200b\u00a0\u3000\x00\x1b"), max_size=12)  # noqa: RUF001


def row(*values: str, lists: tuple[str, ...] = ()) -> Account:
    """Make an account with these words where it has room for texts and lists."""
    texts = dict(zip(("summary", "agent", "skill", "why"), values, strict=False))
    told = Account(seq=1, id="i", kind="refused", key="k", time="2026-11-01T00:00:00.000000Z", recorded="2026-11-01", summary="")
    return told._replace(**texts, approvers=lists, paths=lists)  # type: ignore[arg-type]  # texts are of texts


@given(values=st.lists(words, min_size=1, max_size=4), lists=st.lists(words, max_size=3))
@example(values=["a;"], lists=["docs/a;=cmd|'/C calc'!A0;.md"])
@example(values=['x;"=1', 'x;""=1', '; "=1'], lists=["a", "=1", "b;"])
@example(values=["x; =1", "x;\u3000=1", "a\n"], lists=[])
def test_no_cell_is_a_formula_under_any_separator(values: list[str], lists: list[str]) -> None:
    text = "".join(csv_lines([row(*values, lists=tuple(lists))] * 2, ("more",), [values[:1], lists[:1]]))
    for separator in ",;\t":
        for quoting in (csv.QUOTE_MINIMAL, csv.QUOTE_NONE):
            read = csv.reader(text.splitlines(keepends=True), delimiter=separator, quoting=quoting)
            cells = [found for line in read for found in line]
            assert not [found for found in cells if found.lstrip(" \u00a0\u3000").startswith(STARTS)]


@given(values=st.lists(words, min_size=1, max_size=4))
def test_with_commas_the_rows_are_the_records(values: list[str]) -> None:
    header, first, second = csv.reader(csv_lines([row(*values)] * 2), strict=True)
    assert tuple(header) == COLUMNS
    assert first == second
    assert len(first) == len(COLUMNS)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("docs/a;=cmd|'/C calc'!A0;.md", "docs/a;'=cmd|'/C calc'!A0;.md"),
        (("lea", "-mia"), "lea\n'-mia"),
        ("＝1", "'＝1"),  # noqa: RUF001
        ("Applied migrate, acme/shop!41", "Applied migrate, acme/shop!41"),
        ("a\u202eb\x1b[2J", "a⟨U+202E⟩b⟨U+001B⟩[2J"),
        ("", ""),
        ((), ""),
        (None, ""),
        (True, "yes"),
        (7, "7"),
    ],
)
def test_what_is_harmless_stays_and_what_hides_is_shown(value: object, shown: str) -> None:
    assert cell(value) == shown
