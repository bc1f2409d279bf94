"""Words for what is known of a run that another runner closed as lost: an annotation, beside the outcome that stands. Pure."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from countersign.attestation.ocsf import ocsf
from countersign.attestation.record import Draft, Entry, RecordKind
from countersign.domain.scope import Revocation
from countersign.domain.tokens.tokenizer import Tokenizer
from runners import aftermath
from runners.fitting import OF_A_RUN, fitted

_FOUND: Final = "another runner had closed it as lost, and could not see this: what the runner that ran it had kept of how it ended"
"""Why an outcome has an annotation."""


def found(  # noqa: PLR0913 - keyword-only; as an outcome
    intent: Entry,
    done: Entry,
    kept: Mapping[str, object],
    revocations: Sequence[Revocation],
    *,
    now: datetime,
    tokenizer: Tokenizer,
) -> Draft:
    """Say it: the same that the outcome would have said, with the ends of credentials that it told where we saw no others."""
    kept = aftermath.hidden(kept, tokenizer)
    ends = _ends(done) | {one.handle: aftermath.ended(one, tokenizer) for one in revocations}
    kind, plan, decision = aftermath.kind_of(kept), aftermath.plan_of(intent.body), intent.body.get("decision")
    return Draft(
        kind=RecordKind.ANNOTATION,
        key=f"{RecordKind.ANNOTATION.value}/{intent.run}",
        summary=f"Record {done.seq} says lost; found since: {aftermath.sentence(kind, intent)}",
        change=intent.change,
        run=None,
        time=now,
        body=fitted(
            {
                "actor": intent.body.get("actor") or {},
                "change": intent.body.get("change") or {},
                "decision": {
                    "environment": plan.get("environment"),
                    "tier": decision.get("tier") if isinstance(decision, Mapping) else None,
                },
                "found": kind.value,
                "ocsf": ocsf(RecordKind.ANNOTATION),
                "of": {"digest": done.digest, "seq": done.seq},
                "run": intent.run,
                "timeline": kept.get("timeline") or [],
                "why": _FOUND,
                **aftermath.came_of(intent, kept, ends),
            },
            OF_A_RUN,
            aftermath.counting(kept, tokenizer),
        ),
    )


def _ends(done: Entry) -> dict[str, aftermath.Body]:
    """Give how each credential ended, as the outcome has it."""
    told = done.body.get("grants")
    grants = told if isinstance(told, list) else []
    return {str(grant["handle"]): {name: grant.get(name) for name in aftermath.NOT_ENDED} for grant in grants}
