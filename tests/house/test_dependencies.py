"""What is listed is used where it is listed for, what is used is listed, and the document says the same as pyproject.toml."""

import ast
import re
import sys
import tomllib
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
ROOMS = ("countersign", "bot", "runners")
MODULES = {
    "boto3": {"boto3", "botocore", "mypy_boto3_iam", "mypy_boto3_s3", "mypy_boto3_sts"},
    "celery": {"celery", "kombu"},
    "docker": {"docker", "requests"},
    "fastapi": {"fastapi", "starlette", "anyio"},
    "helm-python-sdk": {"helm_python"},
    "jinja2": {"jinja2", "markupsafe"},
    "jsonschema-rs": {"jsonschema_rs"},
    "markdown-it-py": {"markdown_it"},
    "pydantic": {"pydantic", "pydantic_core"},
    "moto": {"moto", "werkzeug", "yaml"},
    "prometheus-client": {"prometheus_client"},
    "pydantic-settings": {"pydantic_settings"},
    "pytest-socket": {"pytest_socket"},
    "pynacl": {"nacl"},
    "python-dateutil": {"dateutil"},
    "python-gitlab": {"gitlab", "requests", "urllib3"},
    "ruamel.yaml": {"ruamel"},
}
"""The modules that a package brings, or brings along as part of its interface, where it is not its own name."""
NO_MODULES = {"check-jsonschema", "import-linter", "mypy", "pytest-timeout", "pytest-xdist", "ruff"}
"""Programs and plug-ins; nobody imports them."""


def names(requirements: list[str]) -> set[str]:
    """Give the names of requirements, without extras and versions."""
    return {re.split(r"[\[<>=~! ]", requirement, maxsplit=1)[0] for requirement in requirements}


def modules(packages: set[str]) -> set[str]:
    """Give the modules that packages bring."""
    return {module for package in packages for module in MODULES.get(package, {package.replace("-", "_")})}


@cache
def imported(room: str) -> frozenset[str]:
    """Give the foreign modules that a room imports, by their first name."""
    found: set[str] = set()
    for path in (ROOT / room).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                found |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                found.add(node.module.partition(".")[0])
    return frozenset(found) - sys.stdlib_module_names - {*ROOMS, "tests", "__future__"}


BARE = names(PROJECT["project"]["dependencies"])
EXTRAS = {extra: names(listed) for extra, listed in PROJECT["project"]["optional-dependencies"].items()}
DEV = names(PROJECT["dependency-groups"]["dev"])
BOTH = EXTRAS["bot"] & EXTRAS["runners"]


@pytest.mark.parametrize(
    ("rooms", "packages"),
    [
        (("countersign",), BARE),
        (("bot", "countersign"), EXTRAS["bot"]),
        (("runners", "countersign"), EXTRAS["runners"]),
        (
            ("tests",),
            {name for name in DEV if not name.startswith("types-") and "stubs" not in name and "-types" not in name},
        ),
    ],
    ids=["bare install", "bot", "runners", "development"],
)
def test_each_listed_package_is_imported_in_the_room_it_is_listed_for(rooms: tuple[str, ...], packages: set[str]) -> None:
    used = {module for room in rooms for module in imported(room)}
    unused = {package for package in packages - NO_MODULES if not modules({package}) & used}
    assert not unused


def test_each_room_imports_what_is_listed_for_it_and_nothing_else() -> None:
    assert not imported("bot") - modules(BARE | EXTRAS["bot"])
    assert not imported("runners") - modules(BARE | EXTRAS["runners"])
    assert not imported("countersign") - modules(BARE | BOTH)  # the adapters are used by bot and runners alike
    assert not imported("tests") - modules(BARE | EXTRAS["bot"] | EXTRAS["runners"] | DEV | {"tomllib"})


def test_types_are_there_for_what_is_listed() -> None:
    stubs = {"boto3-stubs": "boto3", "celery-types": "celery", "types-docker": "docker", "types-python-dateutil": "python-dateutil"}
    stubs["types-pyyaml"] = "moto"
    listed = {name for name in DEV if name.startswith("types-") or "stubs" in name or "-types" in name}
    assert listed == stubs.keys()
    assert set(stubs.values()) <= BARE | EXTRAS["bot"] | EXTRAS["runners"] | DEV


def test_the_document_names_the_same_packages_for_the_same_rooms() -> None:
    text = (ROOT / "docs/dependencies.md").read_text()
    rows = re.findall(r"^\| ([a-z0-9., -]+) \| ([a-z, ]+) \|", text, re.MULTILINE)
    told: dict[str, set[str]] = {}
    for packages, where in rows:
        for package in packages.split(", "):
            assert package not in told
            told[package] = set(where.split(", "))
    told.pop("package")
    wanted = {package: {"bare install"} for package in BARE}
    for package in EXTRAS["bot"] | EXTRAS["runners"]:
        wanted[package] = {extra for extra in EXTRAS if package in EXTRAS[extra]}
    assert told == wanted
    below = text[text.index("For development:") :]
    assert not {name for name in DEV if name not in below}
