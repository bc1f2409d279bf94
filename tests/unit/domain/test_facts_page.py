"""docs/facts.md names everything that a policy can name."""

from pathlib import Path

from countersign.domain.analysers import kubernetes, protections, signals
from countersign.domain.facts import Kind
from countersign.domain.sql import KINDS

PAGE = (Path(__file__).parents[3] / "docs/facts.md").read_text()
SIGNALS = (signals.HIDDEN, signals.LOOKALIKE, signals.LONG, signals.FOLDED)
OTHERS = (signals.WILDCARD, signals.UNAPPLIED, signals.UNREAD, signals.UNPARSED)


def test_the_page_names_every_kind() -> None:
    names = [*KINDS, *kubernetes.PROTECTIONS, *protections.PROTECTIONS, *(kind.value for kind in Kind), *SIGNALS, *OTHERS]
    assert [name for name in names if f"`{name}`" not in PAGE] == []
