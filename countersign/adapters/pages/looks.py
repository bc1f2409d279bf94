"""Jinja's environment, the style sheet, and the content security policy that lets a page have this style and nothing else.

Every value that a template writes goes through `_seen`, wherever on the page: nobody can turn the direction of the text or hide a
letter. What a form sends back goes through `exact`, so that it is still what the record says.
"""

import base64
import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from countersign.adapters.pages.charts import minutes
from countersign.attestation.record import RecordKind
from countersign.domain.neutral import hidden, visible

_TEMPLATES = Path(__file__).parent / "templates"
KINDS = tuple(kind.value for kind in RecordKind)


@dataclass(frozen=True)
class Looks:
    """How pages look. `served` tells that a server sends them: then forms may go back to it."""

    served: bool = False
    environment: Environment = field(init=False)

    def __post_init__(self) -> None:
        """Make the environment. A name that a template uses and nobody gave is an error."""
        made = Environment(
            loader=FileSystemLoader(_TEMPLATES),
            autoescape=True,
            undefined=StrictUndefined,
            finalize=_seen,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        made.filters |= {"minutes": minutes, "moment": _moment, "exact": _exact}
        object.__setattr__(self, "environment", made)

    @cached_property
    def style(self) -> str:
        """Give the style sheet."""
        return self.environment.get_template("style.css").render(kinds=KINDS)

    @cached_property
    def policy(self) -> str:
        """Give the policy: the style of exactly these bytes, and nothing from anywhere; no script at all."""
        digest = base64.b64encode(hashlib.sha256(self.style.encode()).digest()).decode()
        form = "'self'" if self.served else "'none'"
        return f"default-src 'none'; style-src 'sha256-{digest}'; form-action {form}; base-uri 'none'"

    def page(self, template: str, **values: object) -> str:
        """Write a page."""
        style = Markup(self.style)  # noqa: S704 - ours, and checked by its digest
        return self.environment.get_template(template).render(style=style, policy=self.policy, **values)


def _moment(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S}"


def _seen(value: object) -> object:
    """Show hidden characters. Markup is ours, or was made of what has been here."""
    return value if isinstance(value, Markup) else visible(str(value))


def _exact(text: str) -> Markup:
    """Write an attribute that a form sends and nobody reads: hidden characters as references, which a browser reads back."""
    written = "".join(f"&#x{ord(character):X};" if hidden(character) else escape(character) for character in text)
    return Markup(written)  # noqa: S704 - escaped, letter by letter
