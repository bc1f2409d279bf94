"""The digest of the rules, which every record names, is another one whenever other values may be found."""

from countersign.domain.tokens import assigned
from countersign.domain.tokens.rules import RULES, ruleset

PINNED = "sha256:59f53919ef099402e94b44d88c18253ac5e6d29606d9b6e277a165bcd0568cc8"


def test_the_digest_changes_with_the_rules_and_never_by_itself() -> None:
    """Fails when a pattern or a table was changed: pin the new digest. Raise `REVISION` when code decides differently, too.

    A record names the digest: two records with one digest were looked through by the same rules.
    """
    assert str(ruleset()) == PINNED


def test_it_covers_the_words_that_code_decides_by() -> None:
    covered = [*assigned.DECIDES, *(pattern for rule in RULES for pattern in rule.patterns)]
    words = ("secretstr", "known after", "getenv", r"(?:\\{1,4}[rn])+|[\r\n]+", "ocp-apim", "DE22", "self", "+-.0123456789")
    assert [word for word in words if not any(word in pattern for pattern in covered)] == []
