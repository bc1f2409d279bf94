"""How fast texts are looked through, and how much of the corpus is found, beside one alternation of plain patterns.

Rules and corpus are by the same hands, so their recall says that nothing broke, not how much of the world is found.
"""

import re
from collections.abc import Callable
from time import process_time

import pytest

from countersign.domain.tokens.finding import find
from countersign.domain.tokens.key import TokensKey
from countersign.domain.tokens.kinds import ALL
from countersign.domain.tokens.tokenizer import Tokenizer
from tests.support.token_corpus import Case, found, stays

PEER = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?-----END [A-Z ]*PRIVATE KEY-----"
    r"|gh[pousr]_[A-Za-z0-9]{36}|glpat-[\w-]{20}|xox[bp]-[\w-]+"
    r"|(?:AKIA|ASIA)[A-Z0-9]{16}|sk-[\w-]{20,}|sk_live_\w+"
    r"|AIza[\w-]{35}|eyJ[\w-]+\.eyJ[\w-]+\.[\w-]+|Bearer\s+\S+|://[^:/\s]*:[^@/\s]+@"
    r"|(?i:(?:password|passwd|secret|token|api_key)[\"']?\s*[:=]\s*[\"']?)[^\s\"',;]+"
    r"|[\w.+-]+@[\w-]+\.[\w.]+|\+[1-9][0-9 ()-]{7,17}[0-9]"
    r"|[A-Z]{2}[0-9]{2}[A-Z0-9 ]{11,30}|\b(?:[0-9][ -]?){13,16}\b|\b[0-9]{1,3}(?:\.[0-9]{1,3}){3}\b"
    r"|\b(?:[0-9a-f]{1,4}:){7}[0-9a-f]{1,4}\b"
    r"|\b[\w.-]+\.(?:internal|local|svc)\b|\b[0-9]{12}\b"
)
LINE = "2026-11-26T10:{m:02d}:{s:02d}.123Z INFO  shop.orders order={n} took {n} ms, 3 items, path=/api/v1/orders/{n}?page=2\n"
LOG = "".join(LINE.format(m=n // 60 % 60, s=n % 60, n=n) for n in range(9_000))
DIRTY = "".join(
    LINE.format(m=n // 60 % 60, s=n % 60, n=n) + f"  user rosa{n}@mail.example.com from 10.2.{n % 250}.7\n" for n in range(4_000)
)
CODE = ("def total(items: list[Item], token: str) -> int:\n    return sum(item.price * item.count for item in items)\n\n" * 9_000)[
    : 10**6
]

Finder = Callable[[str], list[tuple[int, int]]]


def ours(text: str) -> list[tuple[int, int]]:
    return [(finding.start, finding.end) for finding in find(text, ALL)]


def peer(text: str) -> list[tuple[int, int]]:
    return [match.span() for match in PEER.finditer(text)]


FINDERS: dict[str, Finder] = {"rules": ours, "one alternation": peer}


@pytest.mark.parametrize("what", ["a log", "a log with mail and addresses in every other line", "code"])
def test_speed(what: str) -> None:
    text = {"a log": LOG, "code": CODE}.get(what, DIRTY)
    for name, finder in FINDERS.items():
        begin = process_time()
        count = len(finder(text))
        took = process_time() - begin
        print(f"{what}, {len(text) / 1e6:.1f} MB, {name}: {len(text) / 1e6 / took:.1f} MB/s, {count} found")
    begin = process_time()
    Tokenizer(TokensKey(bytes(range(32))), "acme/shop", ALL).tokenize(text)
    print(f"{what}: replaced at {len(text) / 1e6 / (process_time() - begin):.1f} MB/s")


def test_recall() -> None:
    for hard in (False, True):
        cases = [case for case in found() if case.hard is hard]
        for name, finder in FINDERS.items():
            hidden = sum(whole(case, finder) for case in cases)
            print(f"{'hard' if hard else 'other'} texts, {name}: {hidden} of {len(cases)} hidden whole")
    for name, finder in FINDERS.items():
        wrong = sum(bool(finder(text)) for text in stays())
        print(f"texts without a value, {name}: something found in {wrong} of {len(stays())}")


def whole(case: Case, finder: Finder) -> bool:
    spans = finder(case.text)
    places = [(case.text.rindex(value), case.text.rindex(value) + len(value)) for value in case.values]
    return all(any(start <= first and last <= end for start, end in spans) for first, last in places)
