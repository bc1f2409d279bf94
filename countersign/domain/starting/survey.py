"""What lies in a repository, told by the names of its files alone: the folders and kinds of files that a policy speaks of."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from countersign.domain.globs import check_glob
from countersign.domain.ids import MalformedError
from countersign.domain.remotes import project_of

_ENVIRONMENTS = ("production", "prod", "live", "staging", "stage", "preprod", "test", "qa", "development", "dev")
"""Names of folders that stand for a place, strictest first. `test` and `dev` count beside others only."""

_WEAK = frozenset({"test", "dev"})
PRODUCTION = frozenset({"production", "prod", "live"})
_GROUP = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*(/[A-Za-z0-9_][A-Za-z0-9_.-]*)*")
_OWNER = re.compile(r"@([A-Za-z0-9_][A-Za-z0-9_./-]*)")
_MOST = 6


@dataclass(frozen=True, slots=True)
class Found:
    """Files of one kind: what a rule about them would be called, its patterns, and one of them."""

    name: str
    patterns: tuple[str, ...]
    example: str


@dataclass(frozen=True, slots=True)
class Survey:
    """What was found. `group` owns the repository, where that can be told; `forge` is `github`, `gitlab` or None."""

    found: tuple[Found, ...]
    environments: Mapping[str, tuple[str, ...]]
    folders: tuple[str, ...]
    group: str | None
    group_from: str
    forge: str | None
    sql: str | None
    chart: str | None


def survey(paths: Sequence[str], *, remotes: Sequence[str] = (), codeowners: str | None = None) -> Survey:
    """Look at the names of files, the addresses of remotes, and the text of CODEOWNERS."""
    usable = [path for path in paths if not path.startswith(".countersign/") and _is_glob(path)]
    charts = sorted({path.rpartition("/")[0] for path in usable if path.endswith("/Chart.yaml")})
    kinds: tuple[tuple[str, Sequence[str], Callable[[str], bool]], ...] = (
        ("charts", [f"{chart}/**" for chart in charts], lambda path: any(path.startswith(f"{chart}/") for chart in charts)),
        ("manifests", _folders(usable, _is_manifest), _is_manifest),
        ("infrastructure", ("**/*.tf", "**/*.tfvars"), lambda path: path.endswith((".tf", ".tfvars"))),
        ("database changes", ("**/*.sql",), lambda path: path.endswith(".sql")),
        ("images", ("**/Dockerfile*", "**/Containerfile*"), _is_image),
    )
    found = [
        Found(name, tuple(patterns[:_MOST]), example)
        for name, patterns, means in kinds
        if patterns and (example := next((path for path in usable if means(path)), None)) is not None
    ]
    group, source = _group(remotes, codeowners)
    return Survey(
        found=tuple(found),
        environments=_environments(usable),
        folders=tuple(sorted({path.partition("/")[0] for path in usable if "/" in path and not path.startswith(".")})),
        group=group,
        group_from=source,
        forge=_forge(paths, remotes),
        sql=next((path for path in usable if path.endswith(".sql")), None),
        chart=charts[0] if charts else None,
    )


def _environments(paths: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Give the patterns of each place: `deploy/production/**`, or by depth alone where there are many such folders."""
    found: dict[str, set[str]] = {}
    for path in paths:
        parts = path.split("/")[:-1]
        for depth, part in enumerate(parts):
            if part in _ENVIRONMENTS:
                found.setdefault(part, set()).add("/".join([*parts[:depth], part, "**"]))
                break
    if found.keys() <= _WEAK:
        return {}
    return {
        name: tuple(sorted(found[name])) if len(found[name]) <= _MOST else (f"**/{name}/**",)
        for name in _ENVIRONMENTS
        if name in found
    }


def _folders(paths: Iterable[str], means: Callable[[str], bool]) -> list[str]:
    return [f"{folder}/**" for folder in sorted({path.rpartition("/")[0] for path in paths if "/" in path and means(path)})]


def _is_manifest(path: str) -> bool:
    *folders, name = path.split("/")
    return name in {"kustomization.yaml", "kustomization.yml"} or (
        name.endswith((".yaml", ".yml")) and not {"k8s", "kubernetes", "manifests"}.isdisjoint(folders)
    )


def _is_image(path: str) -> bool:
    return path.rpartition("/")[2].startswith(("Dockerfile", "Containerfile"))


def _group(remotes: Iterable[str], codeowners: str | None) -> tuple[str | None, str]:
    """Find who owns it all: the group that CODEOWNERS names for everything, else the one that the project lies in."""
    for line in (codeowners or "").splitlines():
        pattern, *owners = line.split("#")[0].split() or [""]
        group = next((found[1] for owner in owners if (found := _OWNER.fullmatch(owner)) and "/" in found[1]), None)
        if pattern in {"*", "/", "/**", "**"} and group is not None:
            return group, "CODEOWNERS names it for everything"
    for remote in remotes:
        group = project_of(remote).rpartition("/")[0]
        if _GROUP.fullmatch(group):
            return group, "the project lies in it"
    return None, ""


def _forge(paths: Iterable[str], remotes: Iterable[str]) -> str | None:
    text = " ".join(remotes).lower()
    names = set(paths)
    if "github" in text or any(path.startswith(".github/workflows/") for path in names):
        return "github"
    return "gitlab" if "gitlab" in text or ".gitlab-ci.yml" in names else None


def _is_glob(path: str) -> bool:
    try:
        check_glob(path)
    except MalformedError:
        return False
    return "*" not in path and "?" not in path
