"""One combination that people promoted, as a value that decisions and records name. Says nothing of whether it applies."""

from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from countersign.domain.canonical import canonical_json
from countersign.domain.ids import Digest, digest_of
from countersign.domain.policy_autonomy import Step


@dataclass(frozen=True, slots=True)
class Promoted:
    """A combination that goes from a tier to the next milder one. `in_force` says whether the record stands behind it."""

    step: Step
    combination: tuple[tuple[str, str], ...]
    since: datetime
    in_force: bool = False

    @property
    def name(self) -> Digest:
        """Give the digest that names it in records: another moment, tier or combination has another one."""
        return digest_of(canonical_json(self._told()))

    @property
    def what(self) -> str:
        """Write the combination for people."""
        return in_words(self.combination)

    def standing(self, backed: AbstractSet[str], now: datetime) -> "Promoted":
        """Give it as it stands at a moment, where `backed` names what the record stands behind."""
        return replace(self, in_force=self.since <= now and self.name in backed)

    def document(self) -> dict[str, object]:
        """Give it as plain data, with its name."""
        return self._told() | {"in_force": self.in_force, "name": self.name}

    def _told(self) -> dict[str, object]:
        since = self.since.astimezone(UTC).isoformat(timespec="seconds")
        return {"combination": dict(self.combination), "since": since, "step": str(self.step)}


def in_words(combination: Iterable[tuple[str, object]]) -> str:
    """Write a combination for people."""
    return ", ".join(f"{word} {value}" for word, value in combination)


def promoted_key(name: str) -> str:
    """Give the key of the record that confirms a promotion."""
    return f"promoted/{name}"


def demoted_key(name: str) -> str:
    """Give the key of the record that takes it back."""
    return f"demoted/{name}"
