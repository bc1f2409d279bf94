"""How long a decision takes with a policy that is compiled: prints figures in processor time, asserts none.

Told apart are a change that was decided before, as on every approval and every look of a runner, and one in folders never seen.
The peer is policy-bot (Go) on the same class of machine: the same change again, 50 rules over 200 files.
"""

from statistics import median
from time import process_time_ns

import pytest

from countersign.domain.decide import decide
from countersign.domain.facts import Facts
from countersign.domain.policy import Policy
from countersign.domain.policy_yaml import load_policy
from countersign.domain.proposal import Proposal
from tests.builders import NOON, SHOP_POLICY, file_change, proposal

PEER = 225
"""Microseconds."""


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


def measured(rules: int, files: int, rounds: int) -> tuple[float, float, float, float]:
    """Give best and median microseconds of a decision about a change seen before, and of one in folders never seen."""
    compiled = policy(rules)
    seen = change(files, salt="seen")
    decide(compiled, seen, now=NOON)
    known, fresh = [], []
    for number in range(rounds):
        begin = process_time_ns()
        decide(compiled, seen, now=NOON)
        known.append(process_time_ns() - begin)
        other = change(files, salt=f"new-{number}")
        begin = process_time_ns()
        decide(compiled, other, now=NOON)
        fresh.append(process_time_ns() - begin)
    return min(known) / 1000, median(known) / 1000, min(fresh) / 1000, median(fresh) / 1000


@pytest.mark.parametrize(
    ("rules", "files", "rounds"),
    [(50, 200, 300), (500, 200, 60), (50, 10_000, 3), (500, 10_000, 3)],
)
def test_a_decision(rules: int, files: int, rounds: int) -> None:
    known, usual, fresh, first = measured(rules, files, rounds)
    print(f"{rules} rules, {files} files: {known:.0f} us again (median {usual:.0f}), {fresh:.0f} us in new folders ({first:.0f})")
    if (rules, files) == (50, 200):
        print(f"of the peer's {PEER} us: {usual / PEER:.2f} again, {first / PEER:.2f} in new folders (medians)")


def test_loading() -> None:
    for rules in (50, 500):
        begin = process_time_ns()
        policy(rules)
        print(f"load {rules} rules: {(process_time_ns() - begin) / 1e6:.1f} ms")
