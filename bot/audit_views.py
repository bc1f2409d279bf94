"""Draws the audit pages of a project from its verified branch. Knows no HTTP; `audit_pages.py` does.

The branch is read and verified as for everything else that the bot relies on; the index below it is only for speed.
"""

from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from threading import Lock
from urllib.parse import urlencode

from countersign.adapters.catfile import CatFile
from countersign.adapters.index.index import Index
from countersign.adapters.index.question import Question
from countersign.adapters.index.records import predicates
from countersign.adapters.pages import pages
from countersign.adapters.pages.looks import KINDS, Looks
from countersign.adapters.shown_diff import shown_diff
from countersign.attestation.accounts.account import Account
from countersign.attestation.accounts.figures import count
from countersign.attestation.accounts.moment import end, moment, written
from countersign.attestation.accounts.runs import instant
from countersign.attestation.accounts.story import tell
from countersign.domain.ids import MalformedError, Sha
from countersign.domain.neutral import hidden, visible

ROOT = "/audit"
_A_PAGE = 100
_NEWEST = 12
_WEEKS = timedelta(weeks=26)
_LONGEST = 200
_DIGITS = 10


@dataclass(frozen=True, slots=True)
class Seen:
    """What the bot has of a project's log: its verified tip, the repository with its objects, and places for index and diffs."""

    repository: Path
    tip: Sha
    index: Path
    code: Path


@dataclass(slots=True)
class AuditViews:
    """Pages of all projects. `look` verifies what is new before it tells the tip; None where there is no record yet."""

    projects: tuple[str, ...]
    look: Callable[[str], Seen | None]
    looks: Looks = field(default_factory=lambda: Looks(served=True))
    _lock: Lock = field(default_factory=Lock)
    _overviews: dict[str, tuple[Sha, str]] = field(default_factory=dict)

    def home(self) -> str:
        """Draw the list of projects."""
        site = pages.Site("all projects", "Read-only.", f"{ROOT}/", None, lambda _: "")
        return pages.projects(self.looks, site, [(project, address(project)) for project in self.projects])

    def overview(self, project: str) -> str:
        """Draw the overview of the newest half year. It is kept until the branch grows.

        Raises:
            LedgerFault: the branch cannot be read, or is wrong.
        """
        with self._lock:
            seen = self.look(project)
            if seen is None:
                return pages.overview(self.looks, _site(project, None), count([]), [], "none yet")
            if self._overviews.get(project, ("", ""))[0] != seen.tip:
                with closing(Index(seen.index, seen.repository, seen.tip)) as index:
                    newest = [row.told for row in index.ask(Question(limit=_NEWEST))]
                    since = instant(newest[0].recorded) - _WEEKS if newest else None
                    told = [row.told for row in index.ask(Question(since=None if since is None else written(since)))]
                span = f"{told[-1].recorded[:10]} to {told[0].recorded[:10]}" if told else "none yet"
                page = pages.overview(self.looks, _site(project, seen), count(told, tiers=pages.TIERS), newest, span)
                self._overviews[project] = (seen.tip, page)
            return self._overviews[project][1]

    def timeline(self, project: str, asked: Mapping[str, str]) -> str:
        """Draw a page of the timeline, narrowed by what was asked.

        Raises:
            MalformedError: what was asked cannot be read.
            LedgerFault: the branch cannot be read, or is wrong.
        """
        question = _question(asked)
        with self._lock:
            seen = self.look(project)
            if seen is None:
                return pages.timeline(self.looks, _site(project, None), pages.Listing([], "There are no records yet."))
            with closing(Index(seen.index, seen.repository, seen.tip)) as index:
                rows = index.ask(question)
                total = index.count(question)
                environments = [str(name) for (name,) in index.figures(_ENVIRONMENTS)]
        told = [row.told for row in rows]
        older = f"?{urlencode({**_given(asked), 'before': told[-1].seq})}" if len(told) < total else None
        listing = pages.Listing(
            rows=told,
            said=f"{total} records match, newest first." if "before" not in asked else f"{total} older records match.",
            form=_form(asked, environments),
            newer=f"?{urlencode(_given(asked))}" if "before" in asked else None,
            older=older,
        )
        return pages.timeline(self.looks, _site(project, seen), listing)

    def change(self, project: str, iid: int) -> str | None:
        """Draw the page of a change; None where there is no record of it.

        Raises:
            LedgerFault: the branch cannot be read, or is wrong.
        """
        with self._lock:
            seen = self.look(project)
            if seen is None:
                return None
            with closing(Index(seen.index, seen.repository, seen.tip)) as index, CatFile(seen.repository) as source:
                rows = index.ask(Question(repository=project, iid=iid, oldest_first=True))
                story = tell(predicates(rows, source))
        if story is None:
            return None
        diff = shown_diff(seen.code, story.about)
        return pages.change(self.looks, _site(project, seen), story, rows, pages.Diff.of(diff.text, diff.why))


_ENVIRONMENTS = "SELECT DISTINCT environment FROM record WHERE environment IS NOT NULL ORDER BY environment"
_WORDS = ("agent", "approver", "service", "text")
_FIELDS = ("environment", "kind", *_WORDS)


def address(project: str, rest: str = "") -> str:
    """Give the address of a project's page."""
    return f"{ROOT}/{project}/-/{rest}"


def _site(project: str, seen: Seen | None) -> pages.Site:
    standing = "There are no records yet." if seen is None else f"Branch at {seen.tip}. Every record was verified by the bot."

    def page(told: Account) -> str:
        return address(project, f"changes/{told.iid}") if told.repository == project else address(project)

    return pages.Site(project, standing, address(project), address(project, "timeline"), page)


def _given(asked: Mapping[str, str]) -> dict[str, str]:
    return {name: asked[name] for name in ("from", "to", *_FIELDS) if asked.get(name)}


def _question(asked: Mapping[str, str]) -> Question:
    given = _given(asked)
    before = asked.get("before")
    if any(len(value) > _LONGEST for value in given.values()):
        raise MalformedError(f"a field of more than {_LONGEST} characters")
    for name in _WORDS:
        if any(map(hidden, given.get(name, ""))):
            raise MalformedError(f"{name} holds what nobody would see in the form: {visible(given[name])}")
    if "kind" in given and given["kind"] not in KINDS:
        raise MalformedError("no such kind of record")
    if before is not None and not (before.isascii() and before.isdigit() and len(before) <= _DIGITS):
        raise MalformedError("before is the number of a record")
    return Question(
        since=written(moment(given["from"])) if "from" in given else None,
        until=written(end(given["to"])) if "to" in given else None,
        environment=given.get("environment"),
        kinds=(given["kind"],) if "kind" in given else (),
        agent=given.get("agent"),
        approver=given.get("approver"),
        service=given.get("service"),
        words=given.get("text"),
        below=None if before is None else int(before),
        limit=_A_PAGE,
    )


def _form(asked: Mapping[str, str], environments: list[str]) -> list[pages.Field]:
    def of(name: str, label: str, *, choices: tuple[str, ...] = (), kind: str = "text", hint: str = "") -> pages.Field:
        return pages.Field(name, label, asked.get(name, ""), choices, kind, hint)

    asked_for = [name for name in (asked.get("environment"),) if name and name not in environments]
    return [
        of("from", "From", kind="date"),
        of("to", "To", kind="date"),
        of("environment", "Environment", choices=(*environments, *asked_for)),
        of("kind", "Kind", choices=KINDS),
        of("agent", "Agent"),
        of("approver", "Approved by"),
        of("service", "Service"),
        of("text", "Text", kind="search", hint="words of the record"),
    ]
