"""Takes more than it may: processes, memory, time. Runs inside a container, as `probe.py` does and in the same way.

Each is a container of its own, since each may end it.
"""

import errno
import json
import os
import signal
import sys
import time

MIB = 1 << 20


def tell(control: str, attempt: str, saw: str, *, held: bool) -> None:
    """Write down the one attempt, and that it was one."""
    print(json.dumps({"control": control, "attempt": attempt, "held": held, "saw": saw}))  # noqa: T201
    print(json.dumps({"told": 1}), flush=True)  # noqa: T201


def forks(limit: int) -> None:
    """Fork until it is refused."""
    children: list[int] = []
    attempt = f"fork {limit * 4} times"
    try:
        for _ in range(limit * 4):
            child = os.fork()
            if child == 0:
                time.sleep(30)
                os._exit(0)
            children.append(child)
    except OSError as error:
        held = error.errno == errno.EAGAIN and len(children) < limit
        tell("pids-limit", attempt, f"{error.strerror} after {len(children)}, limit {limit}", held=held)
    else:
        tell("pids-limit", attempt, f"{len(children)} processes, limit {limit}", held=False)
    for child in children:
        os.kill(child, signal.SIGKILL)


def memory(limit: int) -> None:
    """Take more than the limit, by two processes of which neither takes all of it: a limit for each would not stop them."""
    share = limit * 3 // 4 // MIB
    takers: list[tuple[int, int]] = []
    for _ in range(2):
        read, write = os.pipe()
        child = os.fork()
        if child == 0:
            taken = [bytearray(b"x" * MIB) for _ in range(share)]
            os.write(write, b"%d" % len(taken))
            time.sleep(30)
            os._exit(0)
        os.close(write)
        takers.append((child, read))
    stopped = [os.read(read, 10) for _, read in takers].count(b"")
    for child, _ in takers:
        os.kill(child, signal.SIGKILL)
    saw = f"{stopped} of 2 processes killed on the way to {2 * share} MiB, limit {limit // MIB} MiB"
    tell("memory-limit", "take half as much again", saw, held=stopped > 0)


def forever(_: int) -> None:
    """Go on, whatever signal comes, in two processes."""
    for number in set(signal.Signals) - {signal.SIGKILL, signal.SIGSTOP}:
        signal.signal(number, signal.SIG_IGN)
    os.fork()
    while True:
        time.sleep(1)


if __name__ == "__main__":
    {"forks": forks, "memory": memory, "forever": forever}[sys.argv[1]](int(sys.argv[2]))
