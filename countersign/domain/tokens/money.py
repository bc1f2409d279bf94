"""Finds numbers that money moves by: IBAN with its check sum, payment cards with an issuer's prefix, length and Luhn's check."""

import re
from collections.abc import Iterator

from countersign.domain.tokens.kinds import ValueClass
from countersign.domain.tokens.rule import Rule
from countersign.domain.tokens.view import View

_IBAN = re.compile(
    r"[A-Z](?:(?<![0-9A-Za-z_][A-Z])|(?<=\\[nrt][A-Z])|(?<=%[0-9A-Fa-f][0-9A-Fa-f][A-Z]))[A-Z][0-9]{2}(?>(?:[ ]?[0-9A-Z]){11,30})"
)
_LENGTHS = (
    "AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DJ27 DK18 DO28 EE20 EG29 ES24 FI18 FK18 "
    "FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HN28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 LB28 LC32 LI21 LT20 LU20 LV21 "
    "LY25 MC27 MD24 ME22 MK19 MN20 MR27 MT31 MU30 NI28 NL18 NO15 OM23 PK24 PL28 PS29 PT25 QA29 RO24 RS22 RU33 SA24 SC31 SD18 SE24 "
    "SI19 SK24 SM27 SO23 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20 YE30"
)
_LENGTH = {item[:2]: int(item[2:]) for item in _LENGTHS.split()}
_CARD = re.compile(
    r"[2-6](?:(?<![0-9A-Za-z_.+-][2-6])|(?<=\\[nrt][2-6])|(?<=%[0-9A-Fa-f][0-9A-Fa-f][2-6]))"
    r"(?>(?:[ -]?[0-9]){12,18})(?![0-9A-Za-z_]|[.-][0-9])"
)
_ISSUED = re.compile(
    r"4(?:[0-9]{12}|[0-9]{15}|[0-9]{18})|5[1-5][0-9]{14}|2(?:22[1-9]|2[3-9][0-9]|[3-6][0-9]{2}|7[01][0-9]|720)[0-9]{12}"
    r"|3[47][0-9]{13}|3(?:0[0-5]|[68][0-9])[0-9]{11}|35(?:2[89]|[3-8][0-9])[0-9]{12}|6(?:011|5[0-9]{2}|4[4-9][0-9])[0-9]{12}"
    r"|(?:62|50|5[6-8]|6[37])[0-9]{14,17}"
)


def _ibans(view: View) -> Iterator[tuple[int, int]]:
    for match in _IBAN.finditer(view.text):
        length, seen = _LENGTH.get(match[0][:2], 0), 0
        for offset, letter in enumerate(match[0], start=1):
            seen += letter != " "
            if seen == length:
                end = match.start() + offset
                if _mod97(match[0][:offset].replace(" ", "")) and not view.text[end : end + 1].isalnum():
                    yield match.start(), end
                break


def _mod97(iban: str) -> bool:
    turned = iban[4:] + iban[:4]
    return int("".join(str(int(letter, 36)) for letter in turned)) % 97 == 1


def _cards(view: View) -> Iterator[tuple[int, int]]:
    for match in _CARD.finditer(view.text):
        digits = _digits(match[0])
        if _ISSUED.fullmatch(digits) and _luhn(digits):
            yield match.span()


def _luhn(digits: str) -> bool:
    doubled = [int(digit) * (1 + number % 2) for number, digit in enumerate(reversed(digits))]
    return sum(value - 9 if value > 9 else value for value in doubled) % 10 == 0  # noqa: PLR2004 - the sum of two digits


def _digits(value: str) -> str:
    return value.replace(" ", "").replace("-", "")


RULES = (
    Rule("iban", ValueClass.PERSONAL, _ibans, (_IBAN.pattern, _LENGTHS), lambda value: value.replace(" ", "")),
    Rule("card", ValueClass.PERSONAL, _cards, (_CARD.pattern, _ISSUED.pattern), _digits),
)
