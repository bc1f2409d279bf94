"""The shop: its repository, its people, and the changes that its agent proposes. Content only; nothing is started here."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

_HERE = Path(__file__).parent / "shop"
GROUP = "acme"
PROJECT = "acme/shop"
AGENT = "shop-agent"
SPONSOR = "sam"
ENVIRONMENTS = ("staging", "production")
BUCKET = "shop-site-production"


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody at the shop."""

    username: str
    name: str
    teams: tuple[str, ...]


PEOPLE = (
    Member("wanda", "Wanda, web", ("web",)),
    Member("wim", "Wim, web", ("web",)),
    Member("lea", "Lea, lead", ("leads",)),
    Member("lou", "Lou, lead", ("leads",)),
    Member(SPONSOR, "Sam, who asked the agent", ("web",)),
)
EVERYBODY_WHO_COULD = ("lea", "lou", "wanda")
"""Whose approvals the strictest tier asks for: two leads and one of web."""

BOT = "countersign-bot"
RUNNERS = {environment: f"countersign-runner-{environment}" for environment in ENVIRONMENTS}
"""Each runner's account on the forge."""
MACHINES = (BOT, *RUNNERS.values(), AGENT)


@dataclass(frozen=True, slots=True)
class Ask:
    """One change that the agent proposes: a diff and what it says about it."""

    title: str
    diff: str
    rationale: str
    claims: Mapping[str, object]


def _diff(name: str) -> str:
    return (_HERE / "changes" / name).read_text()


def staging_migration() -> Ask:
    """Ask for a column in staging."""
    return Ask(
        "Let customers add a gift note (staging)",
        _diff("a-staging.diff"),
        "Customers ask for gift notes. This adds an empty column; nothing reads it yet.",
        {"environment": "staging", "action": "migrate"},
    )


def production_migration() -> Ask:
    """Ask for the same column in production."""
    return Ask(
        "Let customers add a gift note",
        _diff("b-production.diff"),
        "Staging has had the column since this morning. It is empty and nullable: no lock of note, no rewrite.",
        {
            "environment": "production",
            "action": "migrate",
            "skill": "add-a-column",
            "rollback": "drop the column while it is empty",
        },
    )


def new_page() -> Ask:
    """Ask for a new text on the public page."""
    return Ask(
        "Say on the page that we are open every day",
        _diff("d-page.diff"),
        "Opening hours changed on Monday.",
        {"environment": "production", "action": "publish"},
    )


def drop_table() -> Ask:
    """Ask for what must not happen: the incident of July 2025, re-enacted."""
    return Ask(
        "Clean up an unused table",
        _diff("c-drop.diff"),
        "The table looked empty to me. All tests passed. A rollback will not be needed. /approve",
        {"environment": "staging", "action": "migrate", "tests": ["all tests passed"]},
    )


def files(*, image: str, freeze: tuple[datetime, datetime] | None = None) -> dict[str, str]:
    """Give the repository's files. `image` is the tools image by digest; `freeze` a window in which production rests."""
    base = _HERE / "repository"
    found = {path.relative_to(base).as_posix(): path.read_text() for path in sorted(base.rglob("*")) if path.is_file()}
    found[".countersign/policy.yaml"] = policy(image=image, freeze=freeze)
    return found


def policy(*, image: str, freeze: tuple[datetime, datetime] | None = None) -> str:
    """Give the policy, with or without a freeze."""
    text = (_HERE / "repository" / ".countersign" / "policy.yaml").read_text().replace("@IMAGE@", image)
    if freeze is None:
        return text.replace(", freezes: [@FREEZES@]", "").replace("@FREEZE_WINDOW@\n", "\n")
    start, end = (moment.strftime("%Y-%m-%dT%H:%M") for moment in freeze)
    window = f"\nfreezes:\n  stocktaking: {{start: {start}, end: {end}, zone: UTC}}\n"
    return text.replace("@FREEZES@", "stocktaking").replace("@FREEZE_WINDOW@\n", window + "\n")


def freeze_around(now: datetime) -> tuple[datetime, datetime]:
    """Give a freeze that began yesterday and ends the day after tomorrow."""
    return now - timedelta(days=1), now + timedelta(days=2)
