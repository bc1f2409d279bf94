"""Starts git, and nothing else does: hardened environment, bounded time, no secret in arguments or error texts.

Reads no configuration of the machine or of its user, runs no hook, asks nobody for a password, follows no redirect, and
speaks http, https and local files only. Does not know what the commands mean.
"""

import base64
import os
import re
import shutil
import signal
import subprocess  # noqa: TID251 - this module starts git for all others
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from urllib.parse import urlsplit

from countersign.domain.outcomes import GitFault

_PATH = "/usr/local/bin:/usr/bin:/bin"
_STDERR_LIMIT = 800
_SHORTEST_SECRET = 8
"""Characters; `false` and the like are no secrets."""

_ENVIRONMENT = {
    "GIT_ALLOW_PROTOCOL": "http:https:file",
    "GIT_ASKPASS": "/bin/false",
    "GIT_ATTR_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_SYSTEM": os.devnull,
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    "HOME": "/nonexistent",
    "LC_ALL": "C.UTF-8",
    "PATH": _PATH,
    "TZ": "UTC",
    "XDG_CONFIG_HOME": "/nonexistent",
}
_CONFIG = {
    "core.attributesFile": os.devnull,
    "core.excludesFile": os.devnull,
    "core.fsmonitor": "false",
    "core.hooksPath": os.devnull,
    "credential.helper": "",
    "fetch.recurseSubmodules": "false",
    "gc.auto": "0",
    "http.followRedirects": "false",  # extra headers, and so our token, would follow to another host
    "http.lowSpeedLimit": "100",
    "http.lowSpeedTime": "30",
    "maintenance.auto": "false",
    "push.recurseSubmodules": "no",
}
OFFLINE = {"core.commitGraph": "false", "safe.directory": "*"}
"""Settings for commands that only read, with `GIT_ALLOW_PROTOCOL=none`: a clone in a mounted volume often has another owner."""

_USERINFO = re.compile(r"://[^/@\s]*@")
_AUTHORIZATION = re.compile(r"(?i)(authorization\s*:\s*)\S.*")
_UNPRINTABLE = re.compile(r"[^\x20-\x7e\n]")


class GitFailed(GitFault):
    """git ended with a status other than 0. `stderr` is scrubbed and shortened; `stdout` is what it wrote, as it is."""

    def __init__(self, command: str, status: int, stdout: bytes, stderr: str) -> None:
        """Keep what callers tell cases apart by: `merge-tree` ends with 1 on a conflict."""
        super().__init__(f"git {command} ended with status {status}: {stderr or 'it said nothing'}")
        self.status = status
        self.stdout = stdout
        self.stderr = stderr


def run_git(  # noqa: PLR0913 - keyword-only, as subprocess.run
    args: Sequence[str],
    *,
    cwd: Path,
    input: bytes | None = None,  # noqa: A002 - as subprocess.run names it
    env_extra: Mapping[str, str] | None = None,
    config: Mapping[str, str] | None = None,
    timeout: float = 60,
) -> bytes:
    """Run a git command to its end and give its standard output.

    `env_extra` adds variables (`GIT_INDEX_FILE`, author and dates); `config` adds settings, in the environment, so that a
    token among them (`token_config`) shows neither in arguments nor in any file. `timeout` is in seconds.

    Raises:
        GitFailed: it ended with a status other than 0.
        GitFault: it did not start, or not end in time; then it and its children are killed.
    """
    process = open_git(args, cwd=cwd, env_extra=env_extra, config=config, stdin=input is not None)
    try:
        stdout, stderr = process.communicate(input, timeout=timeout)
    except subprocess.TimeoutExpired:
        raise GitFault(f"git {_name(args)} did not end within {timeout:g} s") from None
    finally:
        kill(process)
    if process.returncode:
        said = scrub(stderr.decode(errors="replace"), (config or {}).values())
        raise GitFailed(_name(args), process.returncode, stdout, said)
    return stdout


def open_git(
    args: Sequence[str],
    *,
    cwd: Path,
    env_extra: Mapping[str, str] | None = None,
    config: Mapping[str, str] | None = None,
    stdin: bool = True,
) -> subprocess.Popen[bytes]:
    """Start a git command with pipes to it, in a process group of its own. Whoever calls this ends it with `kill`.

    Raises:
        GitFault: git is not installed, or the directory is not there.
    """
    git = shutil.which("git", path=_PATH)
    if git is None:
        raise GitFault("git is not installed")
    settings = _CONFIG | dict(config or {})
    environment = _ENVIRONMENT | dict(env_extra or {}) | {"GIT_CONFIG_COUNT": str(len(settings))}
    for number, (key, value) in enumerate(settings.items()):
        environment |= {f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": value}
    try:
        return subprocess.Popen(  # noqa: S603 - no shell; the program is git
            [git, *args],
            cwd=cwd,
            env=environment,
            stdin=subprocess.PIPE if stdin else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
    except (OSError, ValueError) as error:
        raise GitFault(f"git {_name(args)} did not start: {type(error).__name__}") from None


def kill(process: subprocess.Popen[bytes]) -> None:
    """End a process and whatever it started, at once, and close the pipes. Does nothing to one that has ended."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)  # not reaped yet, so the group is still this one
        process.wait()
    for pipe in (process.stdin, process.stdout, process.stderr):
        if pipe is not None and not pipe.closed:
            try:
                pipe.close()
            except OSError:  # what was still to be written has nobody left to read it
                continue


def token_config(url: str, token: str) -> dict[str, str]:
    """Give the settings that present a forge token to this URL's host and to no other (Basic, as GitLab and GitHub want it)."""
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"}:
        return {}
    origin = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}/"
    credentials = base64.b64encode(f"oauth2:{token}".encode()).decode()
    return {f"http.{origin}.extraHeader": f"Authorization: Basic {credentials}"}


def scrub(text: str, secrets: Iterable[str] = ()) -> str:
    """Take secrets out of what git said: known values, userinfo in URLs, authorization headers, control characters."""
    for value in secrets:
        for part in (value, value.rpartition(" ")[2]):
            if len(part) >= _SHORTEST_SECRET:
                text = text.replace(part, "[hidden]")
    text = _AUTHORIZATION.sub(r"\1[hidden]", _USERINFO.sub("://[hidden]@", text))
    return _UNPRINTABLE.sub("?", text.strip())[:_STDERR_LIMIT]


def _name(args: Sequence[str]) -> str:
    return next((arg for arg in args if not arg.startswith("-")), "")
