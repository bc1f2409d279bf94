"""Finds the broker for a scope. Does not make one (`runners.wiring`), does not mint."""

from collections.abc import Iterable, Mapping

from countersign.domain.outcomes import Refused
from runners.ports import Broker


class Brokers:
    """The targets that this runner can make credentials for, by the word that policies use."""

    __slots__ = ("_by_provider",)

    def __init__(self, brokers: Iterable[Broker]) -> None:
        """Hold the brokers.

        Raises:
            ValueError: two of them answer to the same word.
        """
        by_provider: dict[str, Broker] = {}
        for broker in brokers:
            if by_provider.setdefault(broker.provider, broker) is not broker:
                message = f"two brokers for provider {broker.provider!r}; give one"
                raise ValueError(message)
        self._by_provider: Mapping[str, Broker] = by_provider

    def of(self, provider: str) -> Broker:
        """Give the broker of a provider.

        Raises:
            Refused: this runner has none, so it can neither mint nor revoke there.
        """
        broker = self._by_provider.get(provider)
        if broker is None:
            known = ", ".join(sorted(self._by_provider)) or "none"
            raise Refused("mint", f"this runner has no broker for provider {provider!r} (it has: {known})")
        return broker
