"""The first process of every run's container: takes the run from standard input, carries it out, tells how it ended.

Stands alone: it is handed to the image's Python as text (`python3 -I -c …`), so that the host needs no folder that the engine
can see and the image needs nothing of ours. One thread, the standard library alone.

Standard input is eight bytes of length, a JSON object (`order.py`), and the files' bytes: nothing of the run is in the container's
configuration. The last bytes of standard error are the trailer, written when every other process is dead, so that no command can
write one. Without control groups, `watch` has this process add up the others' memory. All other limits are set from outside.
"""

import ctypes
import json
import os
import resource
import selectors
import signal
import socket
import struct
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

WORK = "/work"
WRITABLE = (WORK, "/tmp", "/dev/shm")  # noqa: S108 - the container's
PROXY = "/run/countersign/proxy"
PROXY_PORT = 3128
TRAILER = b"\0countersign:"
TRAILER_LENGTH = len(TRAILER) + 4
EXITED, MEMORY, TIME = "E", "M", "T"
_WATCH_SECONDS = 0.02
_NOT_STARTED = 127
_BLOCK = 65536
_DUMPABLE = 4


class Link:
    """One connection from inside, piped to the proxy outside; first it asks for `target` where there is one."""

    def __init__(self, ready: selectors.BaseSelector, client: socket.socket, target: str | None) -> None:
        """Connect to the proxy and begin."""
        self._ready = ready
        outside = socket.socket(socket.AF_UNIX)
        self._other = {client: outside, outside: client}
        self._held = {client: b"", outside: f"CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n\r\n".encode() if target else b""}
        self._head: bytes | None = b"" if target else None
        self._talking = {client, outside}
        self._client = client
        try:
            outside.connect(PROXY)
        except OSError:
            self._close()
            return
        for end in self._other:
            end.settimeout(0)
        self._arm()

    def _act(self, end: socket.socket, mask: int) -> None:
        if end.fileno() < 0:
            return  # closed by what the other end did in the same round
        try:
            if mask & selectors.EVENT_WRITE:
                self._held[end] = self._held[end][end.send(self._held[end]) :]
            if mask & selectors.EVENT_READ:
                self._take(end, end.recv(_BLOCK))
            for one, other in self._other.items():
                if other not in self._talking and not self._held[one]:
                    one.shutdown(socket.SHUT_WR)
        except BlockingIOError:
            pass
        except OSError:
            self._close()
            return
        if self._talking or any(self._held.values()):
            self._arm()
        else:
            self._close()

    def _take(self, end: socket.socket, data: bytes) -> None:
        if not data:
            self._talking.discard(end)
        elif self._head is None:
            self._held[self._other[end]] += data
        else:
            head, found, rest = (self._head + data).partition(b"\r\n\r\n")
            self._head = None if found else head
            if found and head.split(b" ", 2)[1:2] != [b"200"]:
                raise ConnectionRefusedError
            if found:
                self._held[self._client] = rest

    def _arm(self) -> None:
        """Listen for what each end can do now: one block is held at most, and the client waits for the proxy's answer."""
        for end, other in self._other.items():
            may_read = end in self._talking and not self._held[other] and (self._head is None or end is not self._client)
            mask = (selectors.EVENT_READ if may_read else 0) | (selectors.EVENT_WRITE if self._held[end] else 0)
            if end in self._ready.get_map():
                self._ready.unregister(end)
            if mask:
                self._ready.register(end, mask, lambda mask, end=end: self._act(end, mask))

    def _close(self) -> None:
        for end in self._other:
            if end in self._ready.get_map():
                self._ready.unregister(end)
            end.close()


def main() -> None:
    """Carry out one run."""
    order = take_order()
    ready = selectors.DefaultSelector()
    if order["proxy"]:
        offer(ready, "127.0.0.1", PROXY_PORT, None)
        for address, host, port in order["aliases"]:
            offer(ready, address, port, f"{host}:{port}")
    wake, woken = socket.socketpair()
    woken.settimeout(0)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(woken.fileno(), warn_on_full_buffer=False)
    ready.register(wake, selectors.EVENT_READ, lambda _: wake.recv(_BLOCK))
    dumpable(yes=False)  # the command is the same user, and this process keeps its limits
    command = os.fork()
    if command == 0:
        become(order)
    kind, code = attend(ready, command, order)
    end_all()
    os.write(2, TRAILER + f"{kind}{code:03d}".encode())


def take_order() -> dict:  # type: ignore[type-arg]
    """Read the order and write the files of the run."""
    (length,) = struct.unpack(">Q", exactly(8))
    order: dict = json.loads(exactly(length))  # type: ignore[type-arg]
    for name, size in order["files"]:
        path = Path(WORK, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        left = size
        with path.open("xb") as file:
            while left:
                left -= file.write(exactly(min(left, 1 << 20)))
    return order


def exactly(count: int) -> bytes:
    """Read so many bytes of standard input."""
    data = sys.stdin.buffer.read(count)
    if len(data) != count:
        sys.exit("countersign: the order broke off")  # the runner died before it had told everything
    return data


def offer(ready: selectors.BaseSelector, address: str, port: int, target: str | None) -> None:
    """Listen on a loopback address for connections to `target`, or to the proxy itself."""
    listener = socket.create_server((address, port))
    ready.register(listener, selectors.EVENT_READ, lambda _: accept(ready, listener, target))


def accept(ready: selectors.BaseSelector, listener: socket.socket, target: str | None) -> None:
    """Take one connection, unless this process holds too many: then the command has to wait."""
    with suppress(OSError):
        Link(ready, listener.accept()[0], target)


def attend(ready: selectors.BaseSelector, command: int, order: dict) -> tuple[str, int]:  # type: ignore[type-arg]
    """Pipe, watch and reap, as the first process must, until the command ends; give how, and its status."""
    deadline = time.monotonic() + order["timeout"]
    killed_before = out_of_memory_kills()
    while True:
        for key, mask in ready.select(_WATCH_SECONDS if order["watch"] else 1):
            act: Callable[[int], object] = key.data
            act(mask)
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                break
            if pid == command:
                code = os.waitstatus_to_exitcode(status)
                code = code if code >= 0 else 128 - code
                return (MEMORY if code and out_of_memory_kills() > killed_before else EXITED), code
            if pid == 0:
                break
        if order["watch"] and memory_of_all() > order["watch"]:
            return MEMORY, 128 + signal.SIGKILL
        if time.monotonic() > deadline:  # the runner's own clock comes first; this one is for its death
            return TIME, 128 + signal.SIGKILL


def memory_of_all() -> int:
    """Add up what all processes but this one hold in memory, and what is in the folders that are memory."""
    total = 0
    for folder in os.listdir("/proc"):  # noqa: PTH208 - fifty times a second
        if folder.isdecimal() and folder != "1":
            try:
                with open(f"/proc/{folder}/statm") as file:  # noqa: PTH123 - likewise
                    total += int(file.read().split()[1])
            except OSError:
                continue  # it has just ended
    used = [os.statvfs(path) for path in WRITABLE]
    return total * resource.getpagesize() + sum((one.f_blocks - one.f_bfree) * one.f_frsize for one in used)


def out_of_memory_kills() -> int:
    """Ask our control group how many processes the kernel has killed for want of memory."""
    for path in ("/sys/fs/cgroup/memory/memory.oom_control", "/sys/fs/cgroup/memory.events"):
        with suppress(OSError):
            return int(dict(line.split() for line in Path(path).read_text().splitlines()).get("oom_kill", 0))
    return 0


def become(order: dict) -> None:  # type: ignore[type-arg]
    """Turn the child into the command, with the limits of this run."""
    try:
        dumpable(yes=True)
        os.dup2(os.open("/dev/null", os.O_RDONLY), 0)
        os.setsid()
        Path("/proc/self/oom_score_adj").write_text("1000")  # of all processes here, the command's go first
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        if order["watch"]:
            resource.setrlimit(resource.RLIMIT_AS, (order["watch"],) * 2)  # what one process could take between two looks
        if order["processes"]:
            resource.setrlimit(resource.RLIMIT_NPROC, (order["processes"],) * 2)
        os.chdir(WORK)
        argv = order["argv"]
        os.execvpe(argv[0], argv, order["env"])  # noqa: S606 - the plan's argv, as approved; no shell
    except BaseException as error:  # noqa: BLE001 - whatever it is, this child must not go on as a second parent
        os.write(2, f"countersign: cannot start {order['argv'][0]}: {error}\n".encode())
    os._exit(_NOT_STARTED)


def dumpable(*, yes: bool) -> None:
    """Let others of the same user look into this process, or not."""
    if ctypes.CDLL(None).prctl(_DUMPABLE, int(yes), 0, 0, 0):
        sys.exit("countersign: prctl failed")


def end_all() -> None:
    """Kill and reap every other process of the container: what a command left running ends with it."""
    try:
        os.kill(-1, signal.SIGKILL)
        while True:
            os.wait()
    except (ProcessLookupError, ChildProcessError):
        return


if __name__ == "__main__":
    main()
