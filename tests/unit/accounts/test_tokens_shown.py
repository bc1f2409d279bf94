"""Auditors see how many values of which class a record hides, and find a token wherever a record holds it."""

import csv

from countersign.attestation.accounts.account import account
from countersign.attestation.accounts.cells import COLUMNS, csv_lines

TOKEN = "TK1_HOST_J2XI7NVMHUPM3OVG_XG"


def told(body: dict[str, object]) -> dict[str, object]:
    return {"seq": 1, "kind": "executed", "summary": "Applied", "body": body}


def test_counts_are_told_by_class() -> None:
    assert account(told({"tokens": {"epoch": 1, "counts": {"secret": 1, "host": 2}}})).tokens == "2 host, 1 secret"
    assert account(told({"tokens": {"epoch": 1, "counts": {}}})).tokens == "none"


def test_older_records_do_not_say() -> None:
    older: tuple[dict[str, object], ...] = ({}, {"tokens": None}, {"tokens": {"counts": []}})
    assert [account(told(body)).tokens for body in older] == [None, None, None]


def test_a_token_is_found_in_words_tails_and_claims() -> None:
    for body in (
        {"rationale": {"text": f"at {TOKEN}"}},
        {"result": {"stdout": {"tail": TOKEN}}},
        {"result": {"stderr": {"tail": TOKEN}}},
        {"claims": {"emergency": TOKEN}},
        {"claims": {"rollback": TOKEN}},
        {"fault": TOKEN},
    ):
        assert TOKEN in account(told(dict(body))).words


def test_spreadsheets_have_the_counts() -> None:
    _, row = csv.reader(csv_lines([account(told({"tokens": {"epoch": 1, "counts": {"host": 2}}}))]))
    assert row[COLUMNS.index("tokens")] == "2 host"
