"""All rules, and the digest by which a record says which of them looked."""

from functools import cache

from countersign.domain.canonical import canonical_json
from countersign.domain.ids import Digest, digest_of
from countersign.domain.tokens import (
    accounts,
    addresses,
    assigned,
    assignments,
    below,
    blocks,
    colours,
    flags,
    headers,
    money,
    names,
    people,
    vendor_keys,
    wrapped,
)
from countersign.domain.tokens.rule import Rule

RULES: tuple[Rule, ...] = (
    *blocks.RULES,
    *vendor_keys.RULES,
    *headers.RULES,
    *assignments.RULES,
    *below.RULES,
    *flags.RULES,
    *people.RULES,
    *money.RULES,
    *accounts.RULES,
    *addresses.RULES,
    *names.RULES,
)
REVISION = 2
"""Grows with what code decides and neither patterns nor tables show: which values are found, and what their normal form is."""


@cache  # the rules do not change, and every record names them
def ruleset() -> Digest:
    """Give the digest of the rules: another one means that other values may have been found."""
    rules = [[rule.name, rule.kind.value, list(rule.patterns)] for rule in RULES]
    return digest_of(canonical_json([REVISION, wrapped.PATTERN, colours.PATTERN, list(assigned.DECIDES), rules]))
