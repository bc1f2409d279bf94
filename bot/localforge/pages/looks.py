"""Jinja's environment: templates, the filters they use, and how moments and people are written."""

import hashlib
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from bot.localforge.entities import User
from bot.localforge.forge import Clock
from bot.localforge.pages.markdown import markdown

FOLDER = Path(__file__).parent
_COLORS = 8
_STEPS = ((60, "second"), (60, "minute"), (24, "hour"), (36500, "day"))


def environment(clock: Clock) -> Environment:
    """Make the environment. A name that a template uses and nobody gave is an error."""
    made = Environment(
        loader=FileSystemLoader(FOLDER / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    filters: dict[str, Callable[..., object]] = {
        "ago": lambda moment: ago(moment, clock()),
        "color": color,
        "initials": initials,
        "markdown": markdown,
        "moment": datetime.fromisoformat,
        "short": lambda sha: sha[:8],
    }
    made.filters.update(filters)
    return made


def ago(moment: datetime, now: datetime) -> str:
    """Say how long ago something was, in one unit."""
    left = max(0.0, (now - moment).total_seconds())
    for size, unit in _STEPS:
        if left < size:
            count = int(left)
            return "just now" if unit == "second" else f"{count} {unit}{'s' * (count != 1)} ago"
        left /= size
    return "long ago"


def initials(user: User) -> str:
    """Give one or two letters for somebody."""
    words = [word for word in user.name.partition(",")[0].replace("-", " ").split() if word[0].isalnum()] or [user.username]
    return (words[0][0] + (words[-1][0] if len(words) > 1 else "")).upper()


def color(name: str) -> str:
    """Give the class of a colour for a name: always the same."""
    return f"c{hashlib.sha256(name.encode()).digest()[0] % _COLORS}"
