"""The bot's web face with audit pages over a shop's history, in this process, for browsers and clients."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from threading import Thread

import uvicorn

from bot.app import make_app
from bot.audit_pages import AuditPages
from bot.audit_views import AuditViews, Seen
from countersign.adapters.ledger.clone import find_branch
from countersign.attestation.record import AUDIT_BRANCH
from tests.fakes.bot_face import FakeFace
from tests.support.process import free_port

TOKEN = "pages-token-0123456789"


def audit_pages(repository: Path, home: Path) -> AuditPages:
    """Show what a repository holds, as if the bot had just verified it."""
    seen = Seen(repository, find_branch(repository, AUDIT_BRANCH).tip, home / "index.sqlite", repository)
    return AuditPages(AuditViews(("acme/shop", "acme/none"), lambda project: seen if project == "acme/shop" else None), TOKEN)


@contextmanager
def served(pages: AuditPages | None) -> Iterator[str]:
    """Serve a face with these pages, or without any, on loopback; give the address."""
    port = free_port()
    app = make_app(replace(FakeFace().face(), pages=pages))
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_level="error", lifespan="off", ws="none"))
    thread = Thread(target=server.run, daemon=True)
    thread.start()
    try:
        while not server.started:
            thread.join(0.02)
            assert thread.is_alive()
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(20)
