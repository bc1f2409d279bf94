"""The made-up texts of `tests/data/tokens`, with the keys put in that no file here may hold."""

import base64
from dataclasses import dataclass
from pathlib import Path

from countersign.domain.tokens.kinds import ValueClass

DATA = Path(__file__).parents[1] / "data" / "tokens"
OPEN, CLOSE = "⟦", "⟧"
_BODY = [base64.b64encode(bytes((7 * row + 13 * column) % 251 for column in range(48))).decode() for row in range(6)]
KEY = "\n".join([f"-----{'BEGIN'} RSA PRIVATE KEY-----", *_BODY, "QUJDRA==", f"-----{'END'} RSA PRIVATE KEY-----"])
_WRAPPED = base64.b64encode(KEY.encode()).decode()


def _value(text: str) -> str:
    return f"{OPEN}{text}{CLOSE}"


KEYS = {
    "{esc}": "\x1b",
    "{key}": _value(KEY),
    "{diffed key}": "+" + _value(KEY.replace("\n", "\n+")),
    "{escaped key}": _value(KEY.replace("\n", "\\n")),
    "{begun key}": _value("\n".join(KEY.splitlines()[:4])),
    "{ended key}": _value(KEY[150:]),
    "{wrapped key}": _value(_WRAPPED),
    "{broken key}": _value("\n".join(_WRAPPED[at : at + 76] for at in range(0, len(_WRAPPED), 76))),
}


@dataclass(frozen=True, slots=True)
class Case:
    """A text and the values in it. `hard` ones are known not to be found."""

    kind: ValueClass
    what: str
    text: str
    values: tuple[str, ...]

    @property
    def hard(self) -> bool:
        return self.what.endswith(", hard")


def found() -> list[Case]:
    """Give the texts with values."""
    cases = []
    for block in (DATA / "found.txt").read_text().split("\n## ")[1:]:
        head, _, text = block.partition("\n")
        kind, _, what = head.partition(" ")
        text = text.replace("·", "")
        for name, key in KEYS.items():
            text = text.replace(name, key)
        values = tuple(part.partition(CLOSE)[0] for part in text.split(OPEN)[1:])
        cases.append(Case(ValueClass(kind), what, text.replace(OPEN, "").replace(CLOSE, ""), tuple(filter(None, values))))
    return cases


def stays() -> list[str]:
    """Give the texts without."""
    return (DATA / "stays.txt").read_text().replace("{esc}", "\x1b").splitlines()[1:]
