"""The parts of one forge, handed to every function that does something with it. Does nothing itself."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from bot.localforge.entities import Delivery, Project
from bot.localforge.faults import Faults
from bot.localforge.gitstore import Repository
from bot.localforge.store import Store

Clock = Callable[[], datetime]
"""Gives the present moment, UTC, aware."""


class Announcer(Protocol):
    """Tells webhooks what happened."""

    def announce(self, project: Project, kind: str, payload: dict[str, object]) -> None:
        """Put one event on its way; `kind` is `push`, `tag_push`, `merge_request` or `note`."""
        ...

    def again(self, delivery: Delivery) -> None:
        """Send something once more, under the same delivery id."""
        ...


@dataclass(frozen=True, slots=True)
class Forge:
    """One forge. `url` is where it listens; answers to a request use the request's own Host instead."""

    folder: Path
    url: str
    store: Store
    hooks: Announcer
    faults: Faults
    clock: Clock

    def repository(self, project: Project) -> Repository:
        """Give a project's repository."""
        return Repository(self.folder / "repositories" / f"{project.id}.git")
