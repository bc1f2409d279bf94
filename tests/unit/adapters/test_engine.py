"""The digest of what decides: another one where a module that decides is another, the same where any other is."""

import subprocess  # noqa: TID251 - a Python of its own shows what is loaded
import sys
from pathlib import Path

import pytest

from countersign.adapters.engine import ROOTS, deciding, digest, engine, source

OURS = Path(__file__).parents[3] / "countersign"
MODULES = sorted(
    ".".join(("countersign", *path.relative_to(OURS).with_suffix("").parts)).removesuffix(".__init__")
    for path in OURS.rglob("*.py")
)
DECIDES = deciding(source)


def changed(name: str, added: bytes = b"\n# another\n") -> object:
    """Give the digest as it would be if one module were another."""

    def read(module: str) -> bytes | None:
        text = source(module)
        return text if text is None or module != name else text + added

    return digest(read)


def test_what_takes_part_is_what_python_loads_to_decide() -> None:
    program = f"import sys, {', '.join(ROOTS)}; print(*(name for name in sys.modules if name.startswith('countersign.')))"
    done = subprocess.run([sys.executable, "-c", program], cwd=OURS.parent, capture_output=True, text=True, check=True)  # noqa: S603
    packages = {name for name in MODULES if any(other.startswith(f"{name}.") for other in MODULES)}
    assert set(done.stdout.split()) - packages == set(DECIDES) - packages
    assert {"countersign.domain.counting", "countersign.domain.ruling", "countersign.domain.globs"} <= set(DECIDES)


@pytest.mark.parametrize(
    "name",
    [
        "countersign.attestation.ocsf",
        "countersign.domain.authorization",
        "countersign.domain.counting",
        "countersign.domain.globs",
        "countersign.domain.policy_yaml",
    ],
)
def test_it_changes_with_a_module_that_decides_or_computes_what_a_record_says_beside(name: str) -> None:
    assert changed(name) != engine().digest


@pytest.mark.parametrize("name", ["countersign.adapters.engine", "countersign.attestation.inputs", "countersign.domain.tokens.key"])
def test_it_does_not_change_with_another(name: str) -> None:
    assert source(name)
    assert changed(name) == engine().digest


def test_a_module_that_comes_to_decide_is_taken_in() -> None:
    assert "countersign.domain.branches" not in DECIDES
    more = changed("countersign.domain.counting", b"from countersign.domain import branches\n")
    assert more != changed("countersign.domain.counting", b"from countersign.domain import globs\n")


def test_it_is_computed_once_and_the_same_each_time() -> None:
    assert engine() is engine()
    assert digest(source) == digest(source) == engine().digest
    assert engine().version


def test_without_source_nothing_is_claimed() -> None:
    assert digest(lambda _: None) is None
    assert digest(lambda module: None if module == ROOTS[-1] else source(module)) is None
