"""How long a decision takes with a policy that is compiled: prints figures and holds generous bounds, for slow machines."""

from statistics import median
from time import perf_counter_ns

import pytest

from countersign.domain.decide import decide
from countersign.domain.facts import Facts
from countersign.domain.policy import Policy
from countersign.domain.policy_yaml import load_policy
from countersign.domain.proposal import Proposal
from tests.builders import NOON, SHOP_POLICY, file_change, proposal

TEAMS = 10


def policy(rules: int) -> Policy:
    """Make a policy of this many rules: by folder, by ending, by negation, as people write them."""
    shapes = (
        "deploy/staging/service-{n}/**",
        "deploy/*/service-{n}/values.yaml",
        "infra/**/module-{n}/*.tf",
        "**/*.kind{n}",
        "src/service-{n}/**",
    )
    lines = [
        f'  - {{name: rule {n}, paths: ["{shapes[n % len(shapes)].format(n=n)}", "!**/generated-{n}/**"], tier: medium}}\n'
        for n in range(rules)
    ]
    head, tail = SHOP_POLICY.split("rules:\n", 1)
    return load_policy((head + "rules:\n" + "".join(lines) + tail).encode())


def change(files: int, *, salt: str) -> Proposal:
    """Make a change of this many files in a tree that looks like one. Another salt is other folders."""
    found = tuple(
        file_change(f"src/service-{n % 8}/{salt}/part-{n % 3}/file_{n}.{'py' if n % 3 else 'kind3'}", added=3) for n in range(files)
    )
    return proposal(found=Facts(tuple(sorted(found, key=lambda file: file.path))))


def measured(rules: int, files: int, rounds: int) -> tuple[float, float]:
    """Give the median microseconds of a decision about folders seen before, and of one about folders never seen."""
    compiled = policy(rules)
    seen = change(files, salt="seen")
    decide(compiled, seen, now=NOON)
    known, fresh = [], []
    for number in range(rounds):
        begin = perf_counter_ns()
        decide(compiled, seen, now=NOON)
        known.append(perf_counter_ns() - begin)
        other = change(files, salt=f"new-{number}")
        begin = perf_counter_ns()
        decide(compiled, other, now=NOON)
        fresh.append(perf_counter_ns() - begin)
    return median(known) / 1000, median(fresh) / 1000


@pytest.mark.parametrize(
    ("rules", "files", "rounds", "most"),
    [(50, 200, 50, 5_000), (500, 200, 20, 10_000), (50, 10_000, 3, 400_000), (500, 10_000, 3, 400_000)],
)
def test_a_decision(rules: int, files: int, rounds: int, most: float) -> None:
    known, fresh = measured(rules, files, rounds)
    print(f"{rules} rules, {files} files: {known:.0f} us in known folders, {fresh:.0f} us in new ones")
    assert known < most


def test_loading() -> None:
    for rules in (50, 500):
        begin = perf_counter_ns()
        policy(rules)
        print(f"load {rules} rules: {(perf_counter_ns() - begin) / 1e6:.1f} ms")
