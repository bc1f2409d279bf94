"""Tries to get out: runs inside a container that is made as a run's would be, and tells what happened.

Stands alone, like `entry.py`: it is handed to the image's Python as text and uses the standard library only. Each attempt is one
JSON line: the control that it tests, what was tried, whether the control held, and what was seen. A last line counts them,
so that a probe that died half way proves nothing. It judges single attempts; `attest.py` judges controls.
"""

import ctypes
import errno
import json
import os
import signal
import socket
import stat
import sys
from pathlib import Path
from urllib.parse import urlsplit

CLONE_NEWUSER = 0x10000000
REFUSED = (errno.EPERM, errno.ENOSYS)
UNREACHABLE = (errno.ENETUNREACH, errno.EHOSTUNREACH, errno.EADDRNOTAVAIL, errno.EPERM, errno.EAFNOSUPPORT)
WRITABLE = {"/work", "/tmp", "/dev/shm", "/dev/mqueue"}  # noqa: S108 - what may be written inside the container
SOCKETS = ("/var/run/docker.sock", "/run/docker.sock", "/run/podman/podman.sock", "/run/containerd/containerd.sock")
FAMILIES = {
    "AF_NETLINK": (16, socket.SOCK_RAW),
    "AF_PACKET": (17, socket.SOCK_RAW),
    "AF_ALG": (38, socket.SOCK_SEQPACKET),
    "AF_VSOCK": (40, socket.SOCK_STREAM),
}
CALLS: dict[
    str, tuple[int, int, tuple[int | bytes, ...]]
] = {  # name: (number on x86_64, number on aarch64, arguments that would do no harm)
    "unshare a user namespace": (272, 97, (CLONE_NEWUSER,)),
    "clone into a user namespace": (56, 220, (CLONE_NEWUSER | signal.SIGCHLD, 0, 0, 0, 0)),
    "clone3": (435, 435, (0, 0)),
    "setns": (308, 268, (-1, 0)),
    "mount": (165, 40, (0, 0, 0, 0, 0)),
    "fsopen": (430, 430, (b"tmpfs", 0)),
    "open_tree": (428, 428, (-1, 0, 0)),
    "pivot_root": (155, 41, (0, 0)),
    "chroot": (161, 51, (b"/",)),
    "ptrace": (101, 117, (0, 0, 0, 0)),
    "process_vm_readv": (310, 270, (os.getpid(), 0, 0, 0, 0, 0)),
    "kcmp": (312, 272, (os.getpid(), os.getpid(), 0, 0, 0)),
    "pidfd_getfd": (438, 438, (-1, 0, 0)),
    "keyctl": (250, 219, (0, -3, 0)),
    "bpf": (321, 280, (0, 0, 0)),
    "perf_event_open": (298, 241, (0, 0, -1, -1, 0)),
    "userfaultfd": (323, 282, (1,)),
    "io_uring_setup": (425, 425, (1, 0)),
    "open_by_handle_at": (304, 265, (-1, 0, 0)),
    "personality": (135, 92, (0xFFFFFFFF,)),
}
TOLD: list[str] = []


def tell(control: str, attempt: str, saw: object, *, held: bool) -> None:
    """Write down one attempt."""
    TOLD.append(attempt)
    print(json.dumps({"control": control, "attempt": attempt, "held": held, "saw": str(saw)}), flush=True)  # noqa: T201


def name_of(error: OSError) -> str:
    """Give an error its name in C."""
    return errno.errorcode.get(error.errno or 0, str(error))


def root_is_read_only() -> None:
    """Try to write where the image is, and wherever something writable is mounted."""
    control = "read-only-root"
    for folder in ("/", "/etc", "/usr/bin", "/root", "/var/tmp", "/run", "/dev", "/proc/self/root/usr", "/sys", "/proc/sys/kernel"):  # noqa: S108
        try:
            Path(folder, "countersign-probe").touch()
        except OSError as error:
            tell(control, f"write {folder}", name_of(error), held=True)
        else:
            tell(control, f"write {folder}", "written", held=False)
    tell(control, "flag of /", "ST_RDONLY", held=bool(os.statvfs("/").f_flag & os.ST_RDONLY))
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        point = line.split()[4]
        if point not in WRITABLE and os.path.isdir(point) and os.access(point, os.W_OK):  # noqa: PTH112 - as the caller sees it
            tell(control, f"mount {point}", "writable", held=False)
    for path in SOCKETS:
        tell(control, f"engine socket {path}", "absent", held=not Path(path).exists())


def nobody_special(status: dict[str, str]) -> None:
    """Look at who we are, and try to become more."""
    ids = {*os.getresuid(), *os.getresgid(), *os.getgroups()}
    tell("non-root", "ids", sorted(ids), held=0 not in ids)
    inside, outside, _ = map(int, Path("/proc/self/uid_map").read_text().splitlines()[0].split())
    tell("non-root", "root is not the host's", f"0 is {outside} outside", held=(inside, outside) != (0, 0))
    for attempt, become in (("setuid(0)", os.setuid), ("setgid(0)", os.setgid)):
        refused("non-root", attempt, become, 0)
    sets = {name: int(status[name], 16) for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")}
    tell("no-capabilities", "capability sets", "all zero" if not any(sets.values()) else sets, held=not any(sets.values()))
    mine = Path("/work/mine")
    mine.touch()
    refused("no-capabilities", "chown to root", os.chown, mine, 0, 0)
    refused("no-capabilities", "mknod a device", os.mknod, "/work/device", stat.S_IFCHR | 0o600, os.makedev(1, 5))
    refused("no-capabilities", "raw socket", socket.socket, socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
    refused("no-capabilities", "set the host name", socket.sethostname, "probe")
    tell("no-new-privileges", "NoNewPrivs", status["NoNewPrivs"].strip(), held=int(status["NoNewPrivs"]) == 1)
    tell("seccomp", "mode", status["Seccomp"].strip(), held=int(status["Seccomp"]) == 2)  # noqa: PLR2004 - SECCOMP_MODE_FILTER


def refused(control: str, attempt: str, act: object, *arguments: object) -> None:
    """Do something that must fail for lack of permission."""
    try:
        act(*arguments)  # type: ignore[operator]
    except OSError as error:
        tell(control, attempt, name_of(error), held=error.errno in (*REFUSED, errno.EACCES, errno.EINVAL))
    else:
        tell(control, attempt, "done", held=False)


def system_calls() -> None:
    """Make the calls that the profile leaves out. An error other than a refusal means that the call was let in."""
    library = ctypes.CDLL(None, use_errno=True)
    machine = os.uname().machine
    for name, (intel, arm, values) in CALLS.items():
        number = {"x86_64": intel, "aarch64": arm}[machine]
        arguments = [ctypes.c_long(value) if isinstance(value, int) else ctypes.c_char_p(value) for value in values]
        ctypes.set_errno(0)
        result = library.syscall(ctypes.c_long(number), *arguments)
        if result == 0 and "clone" in name:
            os._exit(0)  # let in: this is the child
        error = ctypes.get_errno()
        saw = errno.errorcode.get(error, error) if result == -1 else "done"
        tell("seccomp", name, saw, held=result == -1 and error in REFUSED)
    for name, (family, kind) in FAMILIES.items():
        try:
            socket.socket(family, kind).close()
        except OSError as refusal:
            tell("seccomp", name, name_of(refusal), held=refusal.errno in (*REFUSED, errno.EAFNOSUPPORT))
        else:
            tell("seccomp", name, "opened", held=False)


def work_folder(memory: int) -> None:
    """Fill the work folder, and try to start a program from what can be written."""
    control = "tmpfs-work"
    mounts = {
        line.split()[4]: line.partition(" - ")[2].split()[0] for line in Path("/proc/self/mountinfo").read_text().splitlines()
    }
    tell(control, "kind", mounts.get("/work"), held=mounts.get("/work") == "tmpfs")
    bounded = sum(os.statvfs(point).f_blocks * os.statvfs(point).f_frsize for point in WRITABLE & mounts.keys())
    tell(
        control,
        "all that can be written",
        f"{bounded >> 20} MiB of {memory >> 20} MiB memory",
        held=0 < bounded <= memory + (1 << 21),
    )
    filler = Path("/work/filler")
    with filler.open("wb") as file:
        try:
            os.posix_fallocate(file.fileno(), 0, memory)
        except OSError as error:
            tell(control, "fill it", name_of(error), held=error.errno == errno.ENOSPC)
        else:
            tell(control, "fill it", f"{memory >> 20} MiB written", held=False)
    filler.unlink()
    for folder in ("/work", "/tmp", "/dev/shm"):  # noqa: S108
        program = Path(folder, "program")
        try:
            program.write_bytes(Path(sys.executable).resolve().read_bytes()[: 1 << 20])
            program.chmod(0o700)
        except OSError as error:
            tell(control, f"put a program into {folder}", name_of(error), held=True)
            continue
        refused(control, f"start a program from {folder}", os.execv, str(program), ["program"])
        program.unlink()


def no_network() -> None:
    """Look for a way out that is not the proxy."""
    control = "no-network"
    devices = [line.split(":")[0].strip() for line in Path("/proc/net/dev").read_text().splitlines()[2:]]
    tell(control, "interfaces", devices, held=devices == ["lo"])
    for family, address, port in (
        (socket.AF_INET, "169.254.169.254", 80),
        (socket.AF_INET, "1.1.1.1", 443),
        (socket.AF_INET, "10.0.2.2", 22),
        (socket.AF_INET6, "2606:4700:4700::1111", 443),
    ):
        for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
            attempt = f"{'tcp' if kind == socket.SOCK_STREAM else 'udp'} {address}:{port}"
            try:
                with socket.socket(family, kind) as out:
                    out.settimeout(1)
                    out.connect((address, port))
            except OSError as error:
                tell(control, attempt, name_of(error), held=error.errno in UNREACHABLE)
            else:
                tell(control, attempt, "connected", held=False)
    try:
        socket.getaddrinfo("example.com", 443)
    except OSError as error:
        tell(control, "resolve a name", error.strerror, held=True)
    else:
        tell(control, "resolve a name", "resolved", held=False)


def proxy(host: str, port: int, nonce: str, denied: tuple[str, ...]) -> None:
    """Reach what is listed by its own name and port; ask the proxy for what is not."""
    control = "egress-proxy"
    try:
        with socket.create_connection((host, port), timeout=5) as inside:
            answer = inside.recv(100).decode()
    except OSError as error:
        answer = str(error)
    tell(control, "reach what is listed", "reached" if answer == nonce else answer, held=answer == nonce)
    outside = urlsplit(os.environ.get("HTTPS_PROXY", ""))  # noqa: TID251 - of the container
    for target in denied:
        try:
            with socket.create_connection((outside.hostname, outside.port), timeout=5) as asked:
                asked.sendall(f"CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n\r\n".encode())
                status = asked.recv(100).split(b"\r\n")[0].decode()
        except OSError as error:
            status = str(error)
        tell(control, f"tunnel to {target}", status, held=" 403 " in status)


def main(memory: int, host: str, port: int, nonce: str, *denied: str) -> None:
    """Try everything that ends nothing."""
    root_is_read_only()
    nobody_special(dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines()))
    system_calls()
    work_folder(memory)
    no_network()
    proxy(host, port, nonce, denied)
    print(json.dumps({"told": len(TOLD)}), flush=True)  # noqa: T201


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], int(sys.argv[3]), *sys.argv[4:])
