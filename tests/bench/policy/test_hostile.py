"""How long a hostile file keeps the reader: prints figures in processor time, since others use this machine as well."""

import tracemalloc
from time import process_time

import pytest

from countersign.domain.policy_yaml import PolicyError, load_policy
from tests.support.hostile_policies import HOSTILE


def test_refusing() -> None:
    spent: dict[str, float] = {}
    for name, data in HOSTILE.items():
        begin = process_time()
        with pytest.raises(PolicyError):
            load_policy(data)
        spent[name] = (process_time() - begin) * 1000
    slowest = sorted(spent, key=spent.__getitem__, reverse=True)[:5]
    print(f"{len(spent)} hostile files, slowest: " + ", ".join(f"{name} {spent[name]:.1f} ms" for name in slowest))


def test_memory() -> None:
    most = 0
    tracemalloc.start()
    try:
        for data in HOSTILE.values():
            tracemalloc.reset_peak()
            with pytest.raises(PolicyError):
                load_policy(data)
            most = max(most, tracemalloc.get_traced_memory()[1])
    finally:
        tracemalloc.stop()
    print(f"{len(HOSTILE)} hostile files, at most {most / 2**20:.1f} MiB for one")
