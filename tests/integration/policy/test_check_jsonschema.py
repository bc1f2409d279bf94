"""check-jsonschema, which editors' users run in CI, takes our schemas and agrees with us about the examples."""

import subprocess  # noqa: TID251 - the program itself
import sys
from pathlib import Path

SCHEMAS = Path(__file__).parents[3] / "policy-schema"
POLICY = SCHEMAS / "policy.v1.schema.json"
EXAMPLES = SCHEMAS / "examples"


def checked(*args: str | Path) -> int:
    program = Path(sys.executable).with_name("check-jsonschema")
    return subprocess.run([program, *args], check=False, capture_output=True, timeout=120).returncode  # noqa: S603 - argv is ours


def test_the_schemas_are_schemas() -> None:
    assert checked("--check-metaschema", *sorted(SCHEMAS.glob("*.schema.json"))) == 0


def test_valid_examples_fit() -> None:
    assert checked("--schemafile", POLICY, *sorted((EXAMPLES / "valid").glob("*.yaml"))) == 0


def test_what_is_wrong_by_itself_does_not_fit() -> None:
    """Names that dangle and dates that contradict are for `policy check`."""
    for name in ("unknown-key", "tag-not-digest", "no-rules", "region", "network-tier"):
        assert checked("--schemafile", POLICY, EXAMPLES / "invalid" / f"{name}.yaml") == 1, name
