"""Records of decisions in the runner's own words: what was asked, what the shop's policy said, and what it was made from."""

from dataclasses import replace
from datetime import datetime, timedelta

from countersign.adapters.judge import Judgement
from countersign.adapters.observe import Observation
from countersign.attestation.inputs import FIELD, TOO_LARGE
from countersign.attestation.record import Draft
from countersign.domain.approval import Evidence
from countersign.domain.decision import Effect
from countersign.domain.inputs import Inputs
from countersign.domain.policy import Policy
from countersign.domain.ports import Change, ChangeState
from countersign.domain.proposal import Proposal
from runners import scribe
from tests.builders import NOON, proposal, shop_policy
from tests.support.veiled import veil

PATHS = ("db/staging/shop/1.sql", "db/production/shop/1.sql", "site/production/shop/a.css", "docs/a.md", "lib/x", "docs/AGENTS.md")
"""Paths that the shop's policy treats differently."""


def past(*paths: str) -> list[Inputs]:
    """Give what a decision about each path would be made from, an hour apart."""
    return [
        Inputs(proposal(path, iid=number), Evidence(), NOON + timedelta(hours=number)) for number, path in enumerate(paths, start=1)
    ]


def change_of(asked: Proposal, *, at: datetime) -> Change:
    """Give the change that was asked about, as a forge has it."""
    return Change(
        ref=asked.change,
        title=asked.title,
        description="",
        author=asked.author,
        source_branch=asked.source_branch,
        target_branch=asked.target_branch,
        head=asked.head,
        head_seen=at,
        state=ChangeState.OPEN,
        draft=False,
        from_fork=False,
        labels=frozenset(),
        url=f"https://forge.example/{asked.change.project}/-/merge_requests/{asked.change.iid}",
    )


def decided(asked: Proposal, *, policy: Policy | None = None, at: datetime = NOON, whole: bool = True) -> Draft:
    """Decide, and write the record of it; without its inputs where they are not wanted `whole`."""
    seen = Observation(change_of(asked, at=at), policy or shop_policy(), asked)
    judged = Judgement.of(seen, Evidence(), at=at)
    write = scribe.refused if judged.decision.effect is Effect.REFUSED else scribe.assessed
    draft = write(seen, judged, now=at, veil=veil())
    if whole:
        return draft
    without = {"digest": Inputs(asked, judged.evidence, at).without_words().digest(), "document": None, "why": TOO_LARGE}
    return replace(draft, body={**draft.body, FIELD: without})
