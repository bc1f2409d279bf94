"""Repairs what was lost: looks at every open change of a project and asks for another look where something is not reflected.

So it does for changes that are gone while the record still holds a question of theirs open: their end was not heard of.

A lost event, a killed worker, an emptied Redis: all end here. Decides nothing and tells nobody anything.
"""

import threading
from collections.abc import Sequence

import structlog

from bot.gate import Gate
from bot.ports import Queue
from countersign.domain.outcomes import Fault


def reconcile(project: str, gate: Gate, queue: Queue) -> int:
    """Look at all open changes of a project; give how many have to be looked at more closely.

    One change that cannot be read does not keep the others from being looked at.

    Raises:
        Fault: the project cannot be read at all, or the queue takes nothing.
    """
    gate.room(project).repository.fetch()
    asked = 0
    open_changes = gate.forge.open_changes(project)
    for change in open_changes:
        try:
            news = gate.news(change)
        except Fault as fault:
            structlog.get_logger("countersign.bot").warning("could not tell, looking", change=str(change), fault=str(fault))
            news = True
        if news:
            queue.look(change)
            asked += 1
    for change in gate.forgotten(project, open_changes):
        queue.look(change)
        asked += 1
    return asked


def keep_asking(projects: Sequence[str], queue: Queue, stop: threading.Event, *, every: float) -> None:
    """Ask the worker to reconcile each project, at once and then every so many seconds, until told to stop."""
    log = structlog.get_logger("countersign.bot")
    while not stop.is_set():
        for project in projects:
            try:
                queue.reconcile(project)
            except Fault as fault:
                log.warning("could not ask for a reconcile pass", project=project, fault=str(fault))
        stop.wait(every)
