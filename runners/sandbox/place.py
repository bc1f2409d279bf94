"""Where a container engine of ours lives: account, folders, configuration. Makes them; starts nothing.

One state folder has one engine with storage of its own, so that two checkouts on a machine do not know of one another.
As root the engine runs as a dedicated unprivileged account and keeps its storage in that account's home, because the
account cannot see into the state folder of root. An ordinary user's engine runs as that user, in the state folder.
"""

import hashlib
import os
import pwd
import shutil
from dataclasses import dataclass
from pathlib import Path

from countersign.domain.outcomes import SandboxFault
from runners.sandbox import commands
from runners.sandbox.commands import Account

ACCOUNT = "countersign-sandbox"
_HOME = Path("/var/lib") / ACCOUNT
_WRAPPER = Path(__file__).with_name("oci_runtime.sh")


@dataclass(frozen=True, slots=True)
class Place:
    """The folders of one engine. `config` and below are written by us and read by the engine."""

    state: Path
    account: Account
    base: Path
    runtime_dir: Path

    @property
    def socket(self) -> Path:
        """Give the path of the engine's API socket."""
        return self.runtime_dir / "podman.sock"

    @property
    def slot(self) -> str:
        """Give the name of the engine's control group."""
        return f"countersign-{_short(self.state)}"

    @property
    def env(self) -> dict[str, str]:
        """Give the environment of every podman command for this engine."""
        return {
            "HOME": str(self.base / "storage"),
            "XDG_RUNTIME_DIR": str(self.runtime_dir),
            "CONTAINERS_CONF": str(self.base / "containers.conf"),
            "CONTAINERS_STORAGE_CONF": str(self.base / "storage.conf"),
        }

    def podman(self, *arguments: str, timeout: float = 120) -> str:
        """Run podman as the engine's account.

        Raises:
            SandboxFault: it failed.
        """
        return commands.run(["podman", *arguments], account=self.account, env=self.env, timeout=timeout)


def find(state: Path) -> Place:
    """Say where the engine of a state folder is, or would be; make nothing.

    Raises:
        SandboxFault: root's dedicated account is not there yet.
    """
    state = state.resolve()
    if os.geteuid() != 0:
        me = Account.me()
        return Place(state, me, state, _runtime_parent(me) / _short(state))
    try:
        account = Account.of(pwd.getpwnam(ACCOUNT))
    except KeyError:
        raise SandboxFault(f"there is no account {ACCOUNT} yet; bring the host up first") from None
    return Place(state, account, account.home / _short(state), _runtime_parent(account) / _short(state))


def prepare(state: Path) -> Place:
    """Make account, folders and configuration; nothing changes where they are there.

    Raises:
        SandboxFault: a program is missing or failed.
    """
    state.mkdir(parents=True, exist_ok=True, mode=0o700)
    if os.geteuid() == 0:
        _make_account()
    place = find(state)
    parent = place.runtime_dir.parent
    _own_folder(parent, place.account)
    _own_folder(place.runtime_dir, place.account)
    place.base.mkdir(exist_ok=True, mode=0o755)
    _own_folder(place.base / "storage", place.account)
    wrapper = place.base / "runc"
    wrapper.write_bytes(_WRAPPER.read_bytes())
    wrapper.chmod(0o755)
    (place.base / "storage.conf").write_text(
        f'[storage]\ndriver = "overlay"\ngraphroot = "{place.base}/storage/graph"\nrunroot = "{place.runtime_dir}/storage"\n'
    )
    (place.base / "containers.conf").write_text(
        '[containers]\ndefault_sysctls = []\nbase_hosts_file = "none"\n[engine]\n'
        f'{_manager()}events_logger = "none"\nruntime = "runc"\n'
        f'tmp_dir = "{place.runtime_dir}/libpod"\nstatic_dir = "{place.base}/storage/libpod"\n'
        f'volume_path = "{place.base}/storage/volumes"\n[engine.runtimes]\nrunc = ["{wrapper}"]\n'
    )
    return place


def remove(place: Place) -> None:
    """Remove the engine's storage and folders. Files of containers belong to sub-ids: an ordinary user needs a namespace for them.

    Not podman's: `podman unshare` mounts the very storage, which then cannot be removed, and leaves a process behind.
    """
    storage = place.base / "storage"
    if storage.exists() and os.geteuid() != 0:
        inside = ["unshare", "--user", "--map-auto", "--map-root-user", "rm", "-rf", str(storage)]
        commands.run(inside, account=place.account, env=place.env)
    elif storage.exists():
        shutil.rmtree(storage)
    for name in ("runc", "storage.conf", "containers.conf"):
        (place.base / name).unlink(missing_ok=True)
    if place.base != place.state and place.base.exists():
        place.base.rmdir()


def _manager() -> str:
    """On version 1 no manager of control groups works rootless, ours aside; on version 2 the engine's default does."""
    return "" if Path("/sys/fs/cgroup/cgroup.controllers").exists() else 'cgroup_manager = "cgroupfs"\n'


def _make_account() -> None:
    try:
        pwd.getpwnam(ACCOUNT)
    except KeyError:  # an ordinary account, not a system one: useradd gives it sub-ids by itself
        options = ["--create-home", "--home-dir", str(_HOME), "--shell", "/usr/sbin/nologin"]
        commands.run(["useradd", *options, "--comment", "Countersign containers", ACCOUNT])
    os.chown(_HOME, 0, 0)  # what root writes below must not be the engine's to replace
    _HOME.chmod(0o711)


def _runtime_parent(account: Account) -> Path:
    """Give the folder for sockets: short, since a socket's path has 107 bytes at most, and gone after a restart."""
    standard = Path("/run/user") / str(account.uid)
    if os.geteuid() == 0 or (standard.exists() and standard.stat().st_uid == account.uid):
        return standard
    return Path("/tmp") / f"countersign-{account.uid}"  # noqa: S108 - checked by _own_folder before use


def _own_folder(path: Path, account: Account) -> None:
    """Make a folder that only the account can enter; refuse one that somebody else put there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        path.mkdir(mode=0o700)
        if os.geteuid() == 0:
            os.chown(path, account.uid, account.gid)
    except FileExistsError:
        found = path.lstat()
        if found.st_uid != account.uid or not path.is_dir() or path.is_symlink():
            raise SandboxFault(f"{path} is not a folder of {account.name}; remove it") from None
        path.chmod(0o700)


def _short(state: Path) -> str:
    return hashlib.sha256(str(state).encode()).hexdigest()[:8]
