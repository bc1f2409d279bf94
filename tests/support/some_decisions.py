"""A few decisions with many parts, by a policy that has every key: their bytes, named. Run as a program it prints the name."""

import sys
from pathlib import Path

from countersign.cli.policy_files import read_policy
from countersign.domain.canonical import canonical_json
from countersign.domain.decide import decide
from countersign.domain.ids import Digest, digest_of
from countersign.domain.proposal import Claims
from tests.builders import LEA, LOU, NOON, WANDA, evidence, file_change, person, proposal

EXAMPLE = Path(__file__).parents[2] / "policy-schema/examples/valid/example.yaml"
MEMBERS = {"web": frozenset({WANDA, LOU}), "leads": frozenset({LEA, LOU}), "sre": frozenset({person(41), person(42), LOU})}


def digest() -> Digest:
    """Decide, and give the digest of all that was decided."""
    policy = read_policy(EXAMPLE)
    files = [file_change(f"deploy/production/{name}/values.yaml") for name in ("shop", "checkout", "other")]
    changes = [files, [*files, file_change("AGENTS.md"), file_change("run.sh")], [file_change("infra/production/shop/x.yaml")]]
    given = evidence(WANDA, LEA, LOU, person(41), person(42), members=MEMBERS)
    decisions = [
        decide(policy, proposal(*change, claims=Claims(emergency="x")), given, now=NOON.replace(day=28)) for change in changes
    ]
    return digest_of(b"\n".join(canonical_json(decision.document()) for decision in decisions))


if __name__ == "__main__":
    sys.stdout.write(digest())
