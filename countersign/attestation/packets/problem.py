"""What is wrong with a packet, or why it cannot be judged."""

from countersign.domain.ids import MalformedError
from countersign.domain.neutral import line


class PacketError(Exception):
    """A packet is wrong; the file and the reason are named, each on one line of what can be seen."""

    def __init__(self, name: str, why: str) -> None:
        """Keep both."""
        self.name = line(name)
        self.why = line(why)
        super().__init__(f"{self.name}: {self.why}")


class EarlierFormError(MalformedError):
    """An earlier version made the packet, under other rules: it is not judged by ours."""

    def __init__(self) -> None:
        """Say what to do."""
        super().__init__(
            "an earlier version of countersign made this packet, in a form that this one does not check: make it anew from the "
            "branch, with `countersign audit packet`, or check it with the version that made it"
        )
