"""What an object had for its safety and has no more: limits, probes, isolation, a digest. Finds pods wherever they are described.

A pod is any part with a list of containers, so custom resources that hold a pod's template are covered. Compares; an object that
is new is compared with one that asks for nothing special.
"""

from collections.abc import Iterator, Mapping

from countersign.domain.analysers.tree import Listed, Mapped, Scalar, Tree, at, line_of, names_of, text_at

Loss = tuple[str, str, int]
"""Kind, what exactly, line."""

_TRUE = frozenset({"true", "yes", "on", "y"})
"""As the YAML of Kubernetes reads them, whatever the case."""

_CONTAINERS = ("containers", "initContainers", "ephemeralContainers")
_HOST = ("hostNetwork", "hostPID", "hostIPC", "shareProcessNamespace")
_PROBES = ("livenessProbe", "readinessProbe", "startupProbe")
_KEEP = ("helm.sh/resource-policy", "argocd.argoproj.io/sync-options", "kustomize.toolkit.fluxcd.io/prune")
_DEEPEST = 30


def losses(old: Tree | None, new: Tree) -> Iterator[Loss]:
    """Give what the object lost."""
    if _zero(text_at(new, "spec", "replicas")) and old is not None and not _zero(text_at(old, "spec", "replicas")):
        yield "replicas", f"{text_at(old, 'spec', 'replicas') or 'the default'} → 0", line_of(at(new, "spec", "replicas"))
    for path in (("spec", "persistentVolumeReclaimPolicy"), ("reclaimPolicy",)):
        if text_at(old, *path) == "Retain" and text_at(new, *path) != "Retain":
            yield "reclaim_policy", f"Retain → {text_at(new, *path) or 'the default'}", line_of(at(new, *path) or new)
    for name in _KEEP:
        was, now = (text_at(side, "metadata", "annotations", name) for side in (old, new))
        if was is not None and was != now:
            yield "keep_annotation", f"{name}: {was} → {now or 'nothing'}", line_of(at(new, "metadata"))
    before, after = (dict(_pods(side, "", 0)) for side in (old, new))
    for where, pod in after.items():
        yield from _pod(before.get(where), pod)


def _pods(tree: Tree | None, where: str, depth: int) -> Iterator[tuple[str, Tree]]:
    if depth > _DEEPEST:
        return
    match tree:
        case Mapped():
            if isinstance(tree.items.get("containers"), Listed):
                yield where, tree
            for key, item in tree.items.items():
                if key not in _CONTAINERS:
                    yield from _pods(item, f"{where}.{key}", depth + 1)
        case Listed():
            for name, item in zip(names_of(tree), tree.items, strict=True):
                yield from _pods(item, f"{where}[{name}]", depth + 1)


def _pod(old: Tree | None, new: Tree) -> Iterator[Loss]:
    yield from _loosened("the pod", old, new)
    before, after = (dict(_containers(side)) for side in (old, new))
    for name, container in after.items():
        was = before.get(name)
        yield from _loosened(name, was, container)
        if was is None:
            continue
        for limit in sorted(_keys(at(was, "resources", "limits")) - _keys(at(container, "resources", "limits"))):
            yield "resource_limits", f"{name} has no limit of {limit}", line_of(container)
        for probe in _PROBES:
            if at(was, probe) is not None and at(container, probe) is None:
                yield "probes", f"{name} has no {probe}", line_of(container)
        image, pinned = text_at(container, "image"), text_at(was, "image") or ""
        if "@sha256:" in pinned and image is not None and "@sha256:" not in image:
            yield "image_digest", f"{name}: {pinned} → {image}", line_of(at(container, "image"))


def _containers(pod: Tree | None) -> Iterator[tuple[str, Tree]]:
    for key in _CONTAINERS:
        listed = at(pod, key)
        if isinstance(listed, Listed):
            yield from ((f"{key[:-1]} {name}", item) for name, item in zip(names_of(listed), listed.items, strict=True))


def _loosened(name: str, old: Tree | None, new: Tree) -> Iterator[Loss]:
    """Give what is open now and was not, and what was closed and is not."""
    opened = {what: line for what, line in _open(new).items() if what not in _open(old)}
    for what, line in sorted(opened.items()):
        yield "isolation", f"{name}: {what}", line
    for what in sorted(_closed(old) - _closed(new)):
        yield "isolation", f"{name}: no {what}", line_of(new)


def _open(part: Tree | None) -> Mapping[str, int]:
    found: dict[str, int] = {}
    context = at(part, "securityContext")
    flags = [(part, name) for name in _HOST] + [(context, "privileged"), (context, "allowPrivilegeEscalation")]
    for owner, name in flags:
        value = at(owner, name)
        if isinstance(value, Scalar) and _true(value.text):
            found[name] = value.line
    if text_at(context, "runAsUser") == "0":
        found["runs as root"] = line_of(context)
    profile = text_at(context, "seccompProfile", "type")
    if profile == "Unconfined":
        found["seccomp Unconfined"] = line_of(context)
    for group, key in (("volumes", "hostPath"), ("ports", "hostPort")):
        listed = at(part, group)
        for item in listed.items if isinstance(listed, Listed) else ():
            if at(item, key) is not None:
                found[f"{key} {text_at(item, key, 'path') or text_at(item, key) or ''}".strip()] = line_of(item)
    added = at(context, "capabilities", "add")
    for item in added.items if isinstance(added, Listed) else ():
        if isinstance(item, Scalar):
            found[f"capability {item.text}"] = item.line
    return found


def _closed(part: Tree | None) -> frozenset[str]:
    context = at(part, "securityContext")
    found = {name for name in ("runAsNonRoot", "readOnlyRootFilesystem") if _true(text_at(context, name) or "")}
    if text_at(context, "seccompProfile", "type") in {"RuntimeDefault", "Localhost"}:
        found.add("seccomp profile")
    dropped = at(context, "capabilities", "drop")
    if isinstance(dropped, Listed):
        found |= {f"drop of {item.text}" for item in dropped.items if isinstance(item, Scalar)}
    return frozenset(found)


def _keys(tree: Tree | None) -> frozenset[str]:
    return frozenset(tree.items) if isinstance(tree, Mapped) else frozenset()


def _true(text: str) -> bool:
    return text.lower() in _TRUE


def _zero(text: str | None) -> bool:
    return text is not None and text.strip("+-").lower().replace("0x", "").replace("0o", "").strip("0") == "" and text != ""
