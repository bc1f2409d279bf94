"""Words for what a runner records about the log itself: that it is alive, and which key signs from now on. Pure."""

from datetime import datetime

from countersign.attestation.record import Draft, RecordKind


def heartbeat(*, open_runs: int, now: datetime) -> Draft:
    """Say that somebody was there to record. One an hour at most, whoever makes it: silence is what an auditor looks for."""
    return Draft(
        kind=RecordKind.HEARTBEAT,
        key=f"heartbeat/{now:%Y-%m-%dT%H}",
        summary=f"Heartbeat: {open_runs} runs open",
        change=None,
        run=None,
        time=now,
        body={"open_runs": open_runs},
    )
