"""What stands below a name is its value where it is a word by itself, and as far as a block is indented."""

import pytest

from countersign.domain.tokens.finding import find
from countersign.domain.tokens.kinds import ALL


def values(text: str) -> list[str]:
    return [text[finding.start : finding.end] for finding in find(text, ALL)]


def test_a_block_ends_with_its_indentation() -> None:
    text = "a:\n  password: |-\n    tea\n\n      kettle\n  user: shop\n  pwd: >\n    nine\n"
    assert values(text) == ["tea\n\n      kettle", "nine"]


def test_a_block_is_looked_into_for_four_kibibytes() -> None:
    (value,) = values("password: |\n" + "  tea kettle\n" * 1000)
    assert 4000 < len(value) <= 4096


@pytest.mark.parametrize(
    "text",
    [
        "password: |\nuser: shop\n",
        "password: |\n  ${DB_PASSWORD}\n",
        "password:\n  valueFrom:\n    secretKeyRef: {name: db}\n",
        "password:\n  - tea\n",
        "password:\n\n",
        "password:",
        "password:\n  'tea\n",
        "Password:\nLast login: now\n",
        "Password:\nRepeat:\n",
        "Password:\nteakettle\n",
        "if not password:\n    raise_it()\n",
        "we login with a password from the vault",
    ],
)
def test_what_is_something_else_stays(text: str) -> None:
    assert values(text) == []
