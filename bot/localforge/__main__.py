"""`python -m bot.localforge --state DIR --port N`: serves on loopback until it is told to stop (SIGTERM, SIGINT).

Prints one line of JSON when it is ready: `url`, and the file that holds the admin's token.
"""

import argparse
import json
import logging
import signal
import socket
import sys
from pathlib import Path

import uvicorn

from bot.localforge.clock import utc_now
from bot.localforge.seed import SeedError, plant
from bot.localforge.wiring import build

_HOST = "127.0.0.1"
_BACKLOG = 256


class _Server(uvicorn.Server):
    """Says that it is ready once it listens."""

    def __init__(self, config: uvicorn.Config, line: str) -> None:
        super().__init__(config)
        self._line = line

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        sys.stdout.write(f"{self._line}\n")
        sys.stdout.flush()


def main() -> int:
    """Serve."""
    parser = argparse.ArgumentParser(prog="python -m bot.localforge", description=__doc__)
    parser.add_argument("--state", type=Path, required=True, help="folder for repositories and data; made if missing")
    parser.add_argument("--port", type=int, default=0, help="port on loopback; 0 takes a free one (default)")
    parser.add_argument("--seed", type=Path, help="JSON file of accounts and projects to make, see bot/localforge/seed.py")
    parser.add_argument("--demo", action="store_true", help="let anybody at the browser sign in as anybody, with one click")
    options = parser.parse_args()
    with socket.socket(proto=socket.IPPROTO_TCP) as listening:  # named, so that asyncio sets TCP_NODELAY: 40 ms an answer
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((_HOST, options.port))
        listening.listen(_BACKLOG)
        url = f"http://{_HOST}:{listening.getsockname()[1]}"
        running = build(options.state, url=url, clock=utc_now, demo=options.demo)
        try:
            if options.seed is not None:
                plant(running.forge, options.seed)
        except SeedError as error:
            running.close()
            parser.exit(2, f"{error}\n")
        line = json.dumps({"url": url, "admin_token_file": str(running.forge.folder / "admin-token")})
        for sign in (signal.SIGTERM, signal.SIGINT):
            signal.signal(sign, lambda *_: sys.exit(0))  # uvicorn raises the signal again once it has ended its requests
        try:
            logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)
            config = uvicorn.Config(running.app, log_config=None, access_log=False, lifespan="off", timeout_graceful_shutdown=2)
            _Server(config, line).run([listening])
        finally:
            running.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
