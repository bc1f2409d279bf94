"""The first process of every run's container: takes the run from standard input, carries it out, ends with its status.

Stands alone: it is handed to the image's Python as text (`python3 -I -c …`), so that the host needs no folder that the engine
can see and the image needs nothing of ours. It uses the standard library only. Standard input is eight bytes of length and
a JSON object: argv, env (credentials included: nothing of them is in the container's configuration), files, limits, and the
endpoints to offer. It is no guard against the command: what confines is set from outside. Limits set here (`prlimit`) are
the fallback of hosts without control groups, and the probes judge them too.
"""

import base64
import json
import os
import resource
import signal
import socket
import struct
import sys
import threading
from pathlib import Path

WORK = "/work"
PROXY = "/run/countersign/proxy"
PROXY_PORT = 3128
TIMEOUT_STATUS = 124
_NOT_STARTED = 127


def main() -> int:
    """Carry out one run; give the exit status."""
    (length,) = struct.unpack(">Q", _exactly(8))
    order = json.loads(_exactly(length))
    for name, content in order["files"].items():
        path = Path(WORK, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(base64.b64decode(content))
    if order["proxy"]:
        serve(PROXY_PORT, "127.0.0.1", None)
        for address, host, port in order["aliases"]:
            serve(port, address, f"{host}:{port}")
    command = os.fork()
    if command == 0:
        _become(order)
    signal.signal(signal.SIGALRM, lambda *_: _time_is_up())
    signal.alarm(order["timeout"])
    return wait_for(command)


def wait_for(command: int) -> int:
    """Reap whatever ends, as the first process must, until the command itself does."""
    while True:
        pid, status = os.wait()
        if pid == command:
            code = os.waitstatus_to_exitcode(status)
            return code if code >= 0 else 128 - code


def serve(port: int, address: str, target: str | None) -> None:
    """Listen on a loopback address; pipe each connection to the proxy outside, after asking for `target` where it is given."""
    listener = socket.create_server((address, port))

    def accept() -> None:
        while True:
            client, _ = listener.accept()
            threading.Thread(target=_forward, args=(client, target), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()


def _forward(client: socket.socket, target: str | None) -> None:
    with client, socket.socket(socket.AF_UNIX) as outside:
        try:
            outside.connect(PROXY)
            if target is not None:
                outside.sendall(f"CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n\r\n".encode())
                head = b""
                while not head.endswith(b"\r\n\r\n"):
                    byte = outside.recv(1)
                    if not byte:
                        return
                    head += byte
                if head.split(b" ", 2)[1] != b"200":
                    return
            back = threading.Thread(target=_pipe, args=(outside, client), daemon=True)
            back.start()
            _pipe(client, outside)
            back.join()
        except OSError:
            return


def _pipe(source: socket.socket, sink: socket.socket) -> None:
    try:
        while block := source.recv(65536):
            sink.sendall(block)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        return


def _become(order: dict) -> None:  # type: ignore[type-arg]
    """Turn the child into the command, with the limits of this run."""
    try:
        nothing = os.open("/dev/null", os.O_RDONLY)
        os.dup2(nothing, 0)
        os.setsid()
        Path("/proc/self/oom_score_adj").write_text("1000")  # of all processes here, this one goes first
        limits = order["limits"]
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        if limits["address_space"]:
            resource.setrlimit(resource.RLIMIT_AS, (limits["address_space"],) * 2)
        if limits["processes"]:
            resource.setrlimit(resource.RLIMIT_NPROC, (limits["processes"],) * 2)
        os.chdir(WORK)
        argv = order["argv"]
        os.execvpe(argv[0], argv, order["env"])  # noqa: S606 - the plan's argv, as approved; no shell
    except BaseException as error:  # noqa: BLE001 - whatever it is, this child must not go on as a second parent
        os.write(2, f"countersign: cannot start {order['argv'][0]}: {error}\n".encode())
    os._exit(_NOT_STARTED)


def _time_is_up() -> None:
    """End at once, and with the first process every other. The runner has a clock of its own; this is for its death."""
    os._exit(TIMEOUT_STATUS)


def _exactly(count: int) -> bytes:
    data = sys.stdin.buffer.read(count)
    if len(data) != count:
        sys.exit("countersign: the order broke off")  # the runner died before it had told everything
    return data


if __name__ == "__main__":
    sys.exit(main())
