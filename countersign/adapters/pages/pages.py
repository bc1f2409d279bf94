"""The three pages: an overview, a timeline, one change. Gives HTML; reads no branch, serves nothing, writes no file."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from countersign.adapters.index.row import Row
from countersign.adapters.pages import charts, gantt
from countersign.adapters.pages.looks import KINDS, Looks
from countersign.adapters.pages.shown import shown, shown_connections, shown_needs, shown_plan, shown_reasons
from countersign.attestation.accounts.account import Account
from countersign.attestation.accounts.figures import NO_TIER, Figures
from countersign.attestation.accounts.plain import part, text
from countersign.attestation.accounts.runs import Lifetime, Run
from countersign.attestation.accounts.story import Story

TIERS = ("low", "medium", "high", "critical")
"""Their usual order; others follow by name."""

_STATES = {
    "assessed": "waits",
    "refused": "refused",
    "allowed": "approved, nothing to run",
    "intent": "under way",
    "executed": "applied",
    "failed": "failed",
    "lost": "lost",
    "annotation": "lost, more found since",
}


@dataclass(frozen=True, slots=True)
class Site:
    """Where pages are, and what is said below each: which log, and how far it was verified. No timeline, no navigation."""

    name: str
    standing: str
    overview: str
    timeline: str | None
    change: Callable[[Account], str]


@dataclass(frozen=True, slots=True)
class Diff:
    """Lines with their kinds (`add`, `del`, `head`, `meta`, `hunk`, `same`); or why there are none, or not all."""

    lines: tuple[tuple[str, str], ...] = ()
    why: str = ""

    @classmethod
    def of(cls, diff: str, why: str = "") -> "Diff":
        """Tell a unified diff's lines apart. Only a newline ends one: other breaks, of which Unicode has many, are shown."""
        lines = diff.replace("\r\n", "\n").removesuffix("\n").split("\n") if diff else []
        return cls(tuple((_kind(line), line) for line in lines), why)


@dataclass(frozen=True, slots=True)
class Field:
    """One field of the timeline's form."""

    name: str
    label: str
    value: str
    choices: tuple[str, ...] = ()
    kind: str = "text"
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Listing:
    """One page of the timeline. With a form a server filters; without one, the page's own radio buttons do."""

    rows: Sequence[Account]
    said: str
    environments: Sequence[str] = ()
    kinds: Collection[str] = KINDS
    form: Sequence[Field] = ()
    newer: str | None = None
    older: str | None = None


@dataclass(frozen=True, slots=True)
class _Drawn:
    run: Run
    gantt: gantt.Gantt | None
    result: dict[str, str | None]
    tails: list[tuple[str, str]]
    credentials: tuple[Lifetime, ...]
    connections: list[dict[str, object]]
    more_connections: str | None
    left_out: tuple[str, ...]
    """Parts that the record had no room for, with their bytes."""


def projects(looks: Looks, site: Site, listed: Sequence[tuple[str, str]]) -> str:
    """Write the list of projects: names and addresses."""
    return looks.page("projects.html", here="projects", site=site, projects=listed)


def overview(looks: Looks, site: Site, figures: Figures, newest: Sequence[Account], span: str) -> str:
    """Write the overview."""
    kinds = {tier: "tnone" if tier == NO_TIER else f"t{place % 5}" for place, tier in enumerate(figures.tiers)}
    series = {
        "half were faster": ("half", {week: lead.half for week, lead in figures.leads.items()}),
        "nine in ten were faster": ("most", {week: lead.most for week, lead in figures.leads.items()}),
    }
    return looks.page(
        "overview.html",
        here="overview",
        site=site,
        figures=figures,
        span=span,
        newest=newest,
        tiers=charts.columns("Decisions by tier and week", figures.weeks, figures.tiers, figures.decisions, kinds),
        lead=charts.trend("Time from question to run", figures.weeks, series),
        rules=charts.bars("Refusals by rule", figures.refusals, "bar"),
    )


def timeline(looks: Looks, site: Site, listing: Listing) -> str:
    """Write a page of the timeline."""
    return looks.page(
        "timeline.html",
        here="timeline",
        site=site,
        rows=listing.rows,
        said=listing.said,
        environments=list(listing.environments),
        kinds=[kind for kind in KINDS if kind in listing.kinds],
        form=listing.form,
        newer=listing.newer,
        older=listing.older,
    )


def change(looks: Looks, site: Site, story: Story, rows: Sequence[Row], diff: Diff) -> str:
    """Write the page of one change."""
    decided = story.last if story.decided is None else story.decided[0]
    decision = story.decision
    return looks.page(
        "change.html",
        here="change",
        site=site,
        story=story,
        told=decided,
        state=_STATES.get(story.last.kind, story.last.kind),
        about={"head": text(story.about, "head"), "base": text(story.about, "base")},
        link=_link(text(story.about, "url")),
        approvals=shown(story.approvals, "username", "team", "at", "head"),
        unjudged=story.unjudged,
        needs=shown_needs(decision),
        rationale=story.rationale,
        reasons=shown_reasons(decision),
        discounted=shown(story.discounted, "person", "why"),
        plan=shown_plan(part(decision, "plan")),
        diff=diff,
        runs=[_drawn(run) for run in story.runs],
        places=[
            {"seq": row.told.seq, "kind": row.told.kind, "recorded": row.told.recorded, "digest": row.digest, "file": row.file}
            for row in rows
        ],
    )


def _drawn(run: Run) -> _Drawn:
    (result,) = shown([run.result], "backend", "runtime", "profile_digest", "exit_code")
    tails = [(name, tail) for name in ("stdout", "stderr") if (tail := text(run.result, name, "tail"))]
    more = text(run.result, "connections_left_out", "endpoints")
    left = tuple(f"{name} ({size:,} bytes)" for name, size in run.left_out.items())
    return _Drawn(run, gantt.draw(run), result, tails, run.lifetimes, shown_connections(run.result), more, left)


def _link(url: str | None) -> str | None:
    """Give the address if it is one that a browser may be sent to, and reads as it is written."""
    if url is None or not (url.isascii() and url.isprintable()):
        return None
    try:
        return url if urlsplit(url).scheme in {"http", "https"} else None
    except ValueError:  # such as a bracket that is not closed
        return None


def _kind(line: str) -> str:
    if line.startswith(
        ("diff ", "index ", "--- ", "+++ ", "new file", "deleted file", "old mode", "new mode", "similarity", "rename")
    ):
        return "head"
    if line.startswith("@@"):
        return "hunk"
    return {"+": "add", "-": "del"}.get(line[:1], "same")
