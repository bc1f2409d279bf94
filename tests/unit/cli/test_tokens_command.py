"""`countersign tokens`: says where values are and what their tokens are, never what they are."""

import io
import json
import sys
from pathlib import Path

import pytest

from countersign.cli.main import main
from countersign.domain.ids import digest_of
from tests.support.veiled import key_file, veil

TEXT = "first\n  mail rosa@mail.example.com\nfrom 10.20.30.40 password=tea-Kettle-9\n"
VALUES = ("rosa@mail.example.com", "10.20.30.40", "tea-Kettle-9")


def typed(monkeypatch: pytest.MonkeyPatch, data: bytes) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))


def keyed(folder: Path) -> list[str]:
    return ["--key-file", str(key_file(folder)), "--project", "acme/shop"]


def test_find_shows_places_and_no_values(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.txt").write_text(TEXT)
    assert main(["tokens", "find", str(tmp_path / "a.txt")]) == 1
    out = capsys.readouterr().out
    assert [line.split()[1:] for line in out.splitlines()] == [
        ["LINE", "COLUMN", "CLASS"],
        ["2", "8", "personal"],
        ["3", "6", "host"],
        ["3", "27", "secret"],
    ]
    assert not any(value in out for value in VALUES)


def test_find_for_programs_reads_standard_input(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    typed(monkeypatch, TEXT.encode())
    assert main(["tokens", "find", "--class", "host", "--format", "json"]) == 1
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert rows[0] == {"characters": 11, "class": "host", "column": 6, "file": "-", "line": 3}
    assert [row["class"] for row in rows] == ["host", "secret"]


def test_find_says_that_there_is_nothing(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    typed(monkeypatch, b"nothing here\n")
    assert main(["tokens", "find", "-"]) == 0
    assert capsys.readouterr().out == ""


def test_replace_writes_what_bot_and_runner_would(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    typed(monkeypatch, TEXT.encode() + b"\xff\n")
    assert main(["tokens", "replace", *keyed(tmp_path)]) == 0
    out, err = capfdbinary.readouterr()
    assert out == veil().blind("acme/shop").tokenize(TEXT).text.encode() + b"\xff\n"
    assert err == b"replaced: 1 host, 1 personal, 1 secret\n"


def test_name_gives_the_token_that_stands_in_records(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    hidden = veil().blind("acme/shop").tokenize(TEXT).text
    typed(monkeypatch, "\n".join(VALUES).encode())
    assert main(["tokens", "name", "--format", "json", *keyed(tmp_path)]) == 0
    out = capsys.readouterr().out
    rows = [json.loads(line) for line in out.splitlines()]
    assert [(row["value"], row["class"]) for row in rows] == [
        (1, "secret"),
        (1, "personal"),
        (2, "secret"),
        (2, "personal"),  # as a number behind `tel:`
        (2, "host"),
        (3, "secret"),
    ]
    assert all(any(row["token"] in hidden for row in rows if row["value"] == number) for number in (1, 2, 3))
    assert not any(value in out for value in VALUES)


@pytest.mark.parametrize(
    ("value", "text", "kind"),
    [
        ("123456789012", "arn:aws:iam::123456789012:role/x", "account"),
        ("1234-5678-9012", "AWS_ACCOUNT_ID=123456789012", "account"),
        ("030/901820", "Tel.: 030 901820", "personal"),
        ("0049 30 901820", "call +49 30 901820", "personal"),
        ("Wiki.ACME.internal", "https://wiki.acme.internal/x", "host"),
        ("2001:DB8:0:0:0:0:0:7", "from 2001:db8::7", "host"),
    ],
)
def test_name_gives_a_bare_value_the_token_that_it_has_behind_a_word(
    value: str, text: str, kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    hidden = veil().blind("acme/shop").tokenize(text).text
    typed(monkeypatch, value.encode())
    assert main(["tokens", "name", *keyed(tmp_path)]) == 0
    rows = [line.split() for line in capsys.readouterr().out.splitlines()[1:]]
    assert [row[1] for row in rows if row[2] in hidden] == [kind]
    assert ["1", "secret"] in [row[:2] for row in rows]


@pytest.mark.parametrize("action", ["replace", "name"])
def test_a_closed_standard_input_is_said(
    action: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    assert main(["tokens", action, *keyed(tmp_path)]) == 2
    assert "standard input is closed" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("argv", "says"),
    [
        (["replace", "--key-file", "none", "--project", "acme/shop"], "No such file"),
        (["find", "none"], "No such file"),
        (["name", "--key-file", "KEY", "--project", "shop"], "project"),
        (["name", "--key-file", "KEY", "--project", "acme/shop", "--epoch", "0"], "--epoch must be between 1 and 2147483647"),
        (
            ["name", "--key-file", "KEY", "--project", "acme/shop", "--epoch", "99999999999"],
            "--epoch must be between 1 and 2147483647",
        ),
        (["name", "--key-file", "OPEN", "--project", "acme/shop"], "chmod 600"),
        (["name", "--key-file", "BAD", "--project", "acme/shop"], "openssl rand"),
    ],
)
def test_what_is_wrong_is_said(
    argv: list[str], says: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    key_file(tmp_path).rename("KEY")
    for name, text, mode in (("OPEN", "x", 0o644), ("BAD", "QUJD", 0o600)):
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(mode)
    assert main(["tokens", *argv]) == 2
    assert says in capsys.readouterr().err


def test_digest_gives_what_the_record_of_a_run_holds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    output = b"ERROR at 10.20.30.40\n\xff"
    (tmp_path / "kept").write_bytes(output)
    tokenizer = veil().blind("acme/shop")
    held = tokenizer.key.seal("acme/shop", digest_of(output))
    assert main(["tokens", "digest", *keyed(tmp_path), str(tmp_path / "kept")]) == 0
    assert capsys.readouterr().out == f"{held}  {tmp_path / 'kept'}\n"
    typed(monkeypatch, output)
    assert main(["tokens", "digest", "--format", "json", *keyed(tmp_path)]) == 0
    assert json.loads(capsys.readouterr().out) == {"digest": held, "file": "-"}


def test_digest_names_the_file_that_it_cannot_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tokens", "digest", *keyed(tmp_path), str(tmp_path / "none")]) == 2
    assert "none: No such file" in capsys.readouterr().err
