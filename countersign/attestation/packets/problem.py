"""What is wrong with a packet."""


class PacketError(Exception):
    """A packet is wrong; the file and the reason are named."""

    def __init__(self, name: str, why: str) -> None:
        """Keep both."""
        super().__init__(f"{name}: {why}")
        self.name = name
        self.why = why
