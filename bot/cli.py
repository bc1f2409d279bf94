"""`countersign-bot`: serve the web face, work off what came in, or look once at every open change."""

import argparse
import sys
import threading
from collections.abc import Sequence

import uvicorn

from bot.app import make_app as make_web
from bot.dispatch import CeleryQueue, consume, make_app, register
from bot.reconcile import keep_asking
from bot.settings import BotSettings, SettingsError, load_settings, read
from bot.wiring import build_face, build_worker
from countersign.adapters import jsonlog
from countersign.domain.outcomes import Fault

EXIT_OK, EXIT_FAULT, EXIT_USAGE = 0, 1, 2
_AT_ONCE = 256
"""Connections; more are turned away with 503 rather than kept waiting."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; give the exit status: 0 done, 1 could not, 2 settings or usage wrong."""
    parser = argparse.ArgumentParser(
        prog="countersign-bot",
        description="Advises, asks and forwards: takes webhooks and proposals, says on merge requests what the policy makes of it.",
        epilog="Settings come from COUNTERSIGN_BOT_… variables; docs/operations.md lists them. "
        "Exit status: 0 done, 1 could not, 2 settings or usage wrong.",
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    commands.add_parser("serve", help="answer webhooks, agents and probes until stopped")
    commands.add_parser("worker", help="look at changes as they come in, and at all of them from time to time, until stopped")
    commands.add_parser("reconcile", help="look once at every open change, and ask the worker for those with news")
    options = parser.parse_args(argv)
    try:
        settings = load_settings()
        key = read(settings.tokens_key_file).decode().strip()
        jsonlog.configure([settings.token(), key, *(secret.token for secret in settings.hooks())])
        return {"serve": _serve, "worker": _work, "reconcile": _reconcile}[options.command](settings)
    except SettingsError as error:
        print(f"countersign-bot: {error}", file=sys.stderr)
        return EXIT_USAGE
    except Fault as fault:
        print(f"countersign-bot: could not: {fault}", file=sys.stderr)
        return EXIT_FAULT


def _serve(settings: BotSettings) -> int:
    config = uvicorn.Config(
        make_web(build_face(settings)),
        host=settings.listen_host,
        port=settings.listen_port,
        access_log=False,
        limit_concurrency=_AT_ONCE,
        log_config=None,
        server_header=False,
        timeout_graceful_shutdown=10,
        timeout_keep_alive=15,
    )
    uvicorn.Server(config).run()
    return EXIT_OK


def _work(settings: BotSettings) -> int:
    app = make_app(settings.redis_url)
    queue = CeleryQueue(app)
    register(app, build_worker(settings, queue))
    stop = threading.Event()
    asking = threading.Thread(
        target=keep_asking, args=(settings.projects, queue, stop), kwargs={"every": settings.reconcile_seconds}, daemon=True
    )
    asking.start()
    try:
        asked = consume(app)
    finally:
        stop.set()
        asking.join(timeout=5)
    return EXIT_OK if asked else EXIT_FAULT


def _reconcile(settings: BotSettings) -> int:
    queue = CeleryQueue(make_app(settings.redis_url))
    worker = build_worker(settings, queue)
    for project in settings.projects:
        print(f"{project}: {worker.reconcile(project)} to look at")
    return EXIT_OK


if __name__ == "__main__":
    sys.exit(main())
