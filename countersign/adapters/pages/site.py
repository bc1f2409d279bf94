"""Writes the pages as a folder of files that needs no server: to be kept with working papers, or put on any web server."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from countersign.adapters.index.index import Index
from countersign.adapters.index.question import Question
from countersign.adapters.index.row import Row
from countersign.adapters.pages import pages
from countersign.adapters.pages.looks import Looks
from countersign.adapters.shown_diff import shown_diff
from countersign.attestation.accounts.account import Account
from countersign.attestation.accounts.figures import count
from countersign.attestation.accounts.story import tell
from countersign.domain.ids import MalformedError

_STRANGE = re.compile(r"[^A-Za-z0-9._-]+")
_A_PAGE = 500
_NEWEST = 12
Predicates = Callable[[Sequence[Row]], list[dict[str, object]]]


@dataclass(frozen=True, slots=True)
class Export:
    """What is written: the records that a question means, and how far they were verified."""

    index: Index
    predicates: Predicates
    repository: Path
    question: Question
    name: str
    standing: str

    def write(self, folder: Path) -> int:
        """Write the site into a new or empty folder; give the number of files.

        Raises:
            MalformedError: the folder is not empty, or cannot be written.
        """
        try:
            folder.mkdir(parents=True, exist_ok=True)
            if any(folder.iterdir()):
                raise MalformedError(f"{folder} is not empty; name a new folder")
            (folder / "changes").mkdir()
            return self._write(folder)
        except OSError as error:
            raise MalformedError(f"{folder} cannot be written: {error.strerror}") from None

    def _write(self, folder: Path) -> int:
        looks = Looks()
        rows = self.index.ask(self.question)
        told = [row.told for row in rows]
        site = self._site("")
        span = _span(told)
        (folder / "index.html").write_text(
            pages.overview(looks, site, count(told, tiers=pages.TIERS), told[:_NEWEST], span), encoding="utf-8"
        )
        listings = list(_listings(told))
        for name, listing in listings:
            (folder / name).write_text(pages.timeline(looks, site, listing), encoding="utf-8")
        changes = self._changes(rows)
        for told_of, of_change in changes:
            story = tell(self.predicates(of_change))
            if story is None:
                continue
            diff = shown_diff(self.repository, story.about)
            page = pages.change(looks, self._site("../"), story, of_change, pages.Diff.of(diff.text, diff.why))
            (folder / "changes" / file_name(told_of)).write_text(page, encoding="utf-8")
        return 1 + len(listings) + len(changes)

    def _changes(self, rows: Sequence[Row]) -> list[tuple[Account, list[Row]]]:
        """Give each change with all of its records, also those that the question left out: half a story misleads."""
        found: list[tuple[Account, list[Row]]] = []
        seen: set[str] = set()
        for row in rows:
            name = row.told.change
            if name is not None and name not in seen:
                seen.add(name)
                whole = Question(repository=row.told.repository, iid=row.told.iid, oldest_first=True, below=self.question.below)
                found.append((row.told, self.index.ask(whole)))
        return found

    def _site(self, up: str) -> pages.Site:
        return pages.Site(
            name=self.name,
            standing=self.standing,
            overview=f"{up}index.html",
            timeline=f"{up}timeline.html",
            change=lambda told: f"{up}changes/{file_name(told)}",
        )


def file_name(told: Account) -> str:
    """Name the page of a change."""
    return f"{_STRANGE.sub('-', told.repository or 'none')}-{told.iid}.html"


def _listings(told: Sequence[Account]) -> Iterable[tuple[str, pages.Listing]]:
    environments = sorted({item.environment for item in told if item.environment})[:12]
    chunks = [told[at : at + _A_PAGE] for at in range(0, len(told), _A_PAGE)] or [[]]
    names = ["timeline.html", *(f"timeline-{number}.html" for number in range(2, len(chunks) + 1))]
    for place, (name, chunk) in enumerate(zip(names, chunks, strict=True)):
        yield (
            name,
            pages.Listing(
                rows=chunk,
                said=f"{len(told)} records, newest first; page {place + 1} of {len(chunks)}.",
                environments=environments,
                kinds={item.kind for item in told},
                newer=names[place - 1] if place else None,
                older=names[place + 1] if place + 1 < len(names) else None,
            ),
        )


def _span(told: Sequence[Account]) -> str:
    return f"{told[-1].recorded[:10]} to {told[0].recorded[:10]}" if told else "none in this time"
