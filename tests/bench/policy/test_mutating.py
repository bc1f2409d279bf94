"""How long it takes to hold every mutant of a policy against its scenarios: prints figures."""

import os
from time import perf_counter

from countersign.domain.mutation.hunt import hunt
from countersign.domain.scenarios.reader import read_scenarios
from countersign.domain.scenarios.trial import Trial
from tests.bench.policy.test_deciding import policy

SCENARIOS = "".join(
    f"- {{name: scenario {n}, at: 2026-11-24T12:00Z, change: {{files: [{path}]}}, expect: {{outcome: approve}}}}\n"
    for n, path in enumerate(["deploy/staging/service-0/a", "infra/a/module-2/x.tf", "lib/x", "src/service-4/x", "a/b.kind3"] * 4)
)


def test_all_mutants() -> None:
    for rules in (50, 200 if "COUNTERSIGN_BENCH" in os.environ else 100):  # noqa: TID251 - the full size is asked for
        compiled = policy(rules)
        trials = [Trial.of(written, compiled) for written in read_scenarios(SCENARIOS.encode(), file="bench.yaml")]
        assert all(trial.hold(compiled).passed for trial in trials)
        begin = perf_counter()
        found = hunt(compiled, trials)
        seconds = perf_counter() - begin
        count = found.killed + len(found.alive)
        print(f"{rules} rules, {len(trials)} scenarios: {count} mutants (and {found.same} that change nothing) in {seconds:.2f} s")
        assert count > rules
