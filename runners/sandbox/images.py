"""Makes the tools image without a registry: `python -m runners.sandbox.images build --state DIR [--add FILE]...`.

A small Debian (python3, psql, boto3, certificates) by mmdebstrap from the host's own package sources, then `podman import`.
Both steps are kept: the root file system by its package list, the image by everything that is in it. Does not run anything in it.
"""

import argparse
import hashlib
import io
import json
import sys
import tarfile
from collections.abc import Sequence
from pathlib import Path

from countersign.domain.ids import MalformedError, digest
from countersign.domain.outcomes import SandboxFault
from runners.sandbox import commands, host, place
from runners.sandbox.commands import Account
from runners.sandbox.place import Place

NAME = "localhost/countersign-tools"
PACKAGES = ("ca-certificates", "postgresql-client", "python3", "python3-boto3")
_LEAVE_OUT = ("man", "doc", "locale", "info", "lintian")
_RECIPE = "1"
"""Goes up when the steps below change, so that images made before are not taken for these."""
_BUILD_SECONDS = 600
_SOURCES = (Path("/etc/apt/sources.list.d/debian.sources"), Path("/etc/apt/sources.list"))


def build(state: Path, added: Sequence[Path] = ()) -> str:
    """Give the image, by digest, with the added executables in /usr/local/bin; make it where it is not there.

    Brings the container host up.

    Raises:
        SandboxFault: a program is missing or failed, or the packages cannot be fetched.
    """
    host.up(state)
    where = place.find(state)
    files = {path.name: path.read_bytes() for path in added}
    if len(files) != len(added):
        raise SandboxFault("two added files have the same name")
    tag = _tag(files)
    known = _known(where, f"{NAME}:{tag}")
    if known is not None:
        return known
    tar = state / "images" / f"{tag}.tar"
    try:
        _with_files(_root_file_system(state), files, tar)
        with tar.open("rb") as stream:
            argv = ["podman", "import", "--quiet", "--change", f"ENV=PATH={commands.PATH}", "-", f"{NAME}:{tag}"]
            commands.run(argv, account=where.account, env=where.env, stdin=stream, timeout=_BUILD_SECONDS)
    finally:
        tar.unlink(missing_ok=True)
    made = _known(where, f"{NAME}:{tag}")
    if made is None:
        raise SandboxFault("podman imported the image and does not know it")
    return made


def main(arguments: list[str] | None = None) -> int:
    """Do as the command line says; print JSON on standard output and progress on standard error."""
    parser = argparse.ArgumentParser(prog="python -m runners.sandbox.images", description="Images for runs.")
    parser.add_argument("command", choices=("build",))
    default = Account.me().home / ".local/state/countersign/containers"
    parser.add_argument("--state", type=Path, default=default, help="the container host's folder (default %(default)s)")
    parser.add_argument("--add", type=Path, action="append", default=[], metavar="FILE", help="an executable for /usr/local/bin")
    asked = parser.parse_args(arguments)
    try:
        answer = {"image": build(asked.state, asked.add)}
    except (SandboxFault, OSError) as error:
        _say(str(error))
        return 1
    sys.stdout.write(json.dumps(answer) + "\n")
    return 0


def _known(where: Place, name: str) -> str | None:
    """Give the reference by digest of an image that the engine has."""
    found = where.podman("images", "--no-trunc", "--format", "{{.Digest}}", "--filter", f"reference={name}").split()
    try:
        return f"{NAME}@{digest(found[0])}" if found else None
    except MalformedError:
        raise SandboxFault(f"podman gives no digest for {name}") from None


def _root_file_system(state: Path) -> Path:
    """Give the tar of the packages, made at most once."""
    sources = next((path for path in _SOURCES if path.exists() and path.stat().st_size), None)
    suite = _suite()
    tar = state.resolve() / "images" / f"{suite}-{_tag({})}.tar"
    if tar.exists():
        return tar
    _say(f"building a root file system of Debian {suite} with {', '.join(PACKAGES)}")
    tar.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    argv = ["mmdebstrap", "--quiet", "--variant=minbase", f"--include={','.join(PACKAGES)}"]
    argv += [f"--dpkgopt=path-exclude=/usr/share/{folder}/*" for folder in _LEAVE_OUT]
    argv += ["--dpkgopt=force-unsafe-io", *_proxies()]
    partial = tar.with_suffix(".part.tar")
    try:
        commands.run([*argv, suite, str(partial), *([str(sources)] if sources else [])], timeout=_BUILD_SECONDS)
        partial.replace(tar)
    finally:
        partial.unlink(missing_ok=True)
    return tar


def _with_files(base: Path, files: dict[str, bytes], tar: Path) -> None:
    """Write the base and the executables, owned by root, into one tar."""
    with base.open("rb") as source, tar.open("wb") as target:
        while block := source.read(1 << 20):
            target.write(block)
    with tarfile.open(tar, "a") as archive:
        for name, content in sorted(files.items()):
            member = tarfile.TarInfo(f"./usr/local/bin/{name}")
            member.size, member.mode = len(content), 0o755
            archive.addfile(member, io.BytesIO(content))


def _tag(files: dict[str, bytes]) -> str:
    """Name an image by what goes into it."""
    parts = [_RECIPE, _suite(), *PACKAGES, *_LEAVE_OUT]
    parts += [f"{name} {hashlib.sha256(content).hexdigest()}" for name, content in sorted(files.items())]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


def _suite() -> str:
    """Give the host's Debian release, whose packages its sources have."""
    fields = dict(line.split("=", 1) for line in Path("/etc/os-release").read_text().splitlines() if "=" in line)
    if fields.get("ID", "").strip('"') != "debian":
        raise SandboxFault("the tools image is built from Debian's packages and this host is not Debian")
    return fields["VERSION_CODENAME"].strip('"')


def _proxies() -> list[str]:
    """Hand on the proxies that the host's apt is set to: mmdebstrap reads none of its settings."""
    lines = commands.run(["apt-config", "dump", "Acquire::http::Proxy"]).splitlines()
    lines += commands.run(["apt-config", "dump", "Acquire::https::Proxy"]).splitlines()
    return [f"--aptopt={line}" for line in lines if not line.endswith('"";')]


def _say(text: str) -> None:
    sys.stderr.write(f"sandbox: {text}\n")


if __name__ == "__main__":
    sys.exit(main())
