"""Megabytes of what could belong to a secret: they pass."""

from runners.sandbox.scrub import Scrubber


def test_a_flood_of_line_ends_is_not_hoarded() -> None:
    scrubber = Scrubber(["pw/9+Zq~k3!x Ü%7Lm=="])
    released = sum(len(scrubber.feed(b"\n" * 65536)) for _ in range(64))
    assert released >= 2**21
