"""Policies as large as they may be, or larger: read, or refused without taking memory."""

import tracemalloc

import pytest

from countersign.domain.policy_yaml import PolicyError, load_policy
from tests.builders import SHOP_POLICY
from tests.support.hostile_policies import HOSTILE


def test_hostile_files_take_no_memory() -> None:
    tracemalloc.start()
    try:
        for data in HOSTILE.values():
            with pytest.raises(PolicyError):
                load_policy(data)
        assert tracemalloc.get_traced_memory()[1] < 16 * 2**20
    finally:
        tracemalloc.stop()


def test_a_large_policy_passes_the_bounds() -> None:
    rules = "".join(
        f'  - {{name: rule {n}, paths: ["a{n}/**", "!a{n}/b/**"], tier: low, because: "[[[, {{: - ]"}}\n' for n in range(600)
    )
    words = "# a long comment, with commas: and - dashes [[[\n" * 300
    text = SHOP_POLICY.replace("rules:\n", f"{words}rules:\n{rules}", 1)
    assert len(load_policy(text.encode()).document.rules) > 400
