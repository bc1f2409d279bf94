"""The reconstruction of one moment in one environment: what ran, what could have been used, what had changed, and by whom.

Works on records that somebody else found: those of the window, and all runs that may have touched the moment. Says what records
say; what went around them it cannot know.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from countersign.attestation.accounts.account import Account
from countersign.attestation.accounts.plain import parts, text, texts
from countersign.attestation.accounts.runs import Lifetime, Run


@dataclass(frozen=True, slots=True)
class Held:
    """A credential and the run that it was for."""

    run: Run
    lifetime: Lifetime


@dataclass(frozen=True, slots=True)
class Switch:
    """From this record on another policy decided. Digests; `before` is that of the record before, whatever its environment."""

    told: Account
    before: str


@dataclass(frozen=True, slots=True)
class Incident:
    """Everything about a moment. `timeline` is the window's records, oldest first: those of the environment, and those of none."""

    around: datetime
    since: datetime
    until: datetime
    environment: str
    timeline: tuple[Account, ...]
    under_way: tuple[Run, ...]
    held: tuple[Held, ...]
    changed: tuple[Run, ...]
    switches: tuple[Switch, ...]

    @property
    def people(self) -> dict[str, dict[str, int]]:
        """Count in how many of the window's records each agent, sponsor and approver stands."""
        found: dict[str, Counter[str]] = {"agents": Counter(), "sponsors": Counter(), "approvers": Counter()}
        for told in self.timeline:
            found["agents"].update([told.agent] if told.agent else [])
            found["sponsors"].update([told.sponsor] if told.sponsor else [])
            found["approvers"].update(told.approvers)
        return {kind: dict(sorted(count.items())) for kind, count in found.items()}

    def document(self) -> dict[str, object]:
        """Give it as plain data."""
        return {
            "around": self.around.isoformat(),
            "changed": [_changed(run) for run in self.changed],
            "credentials_live": [_held(item) for item in self.held],
            "environment": self.environment,
            "from": self.since.isoformat(),
            "people": self.people,
            "policy_switches": [_switch(item) for item in self.switches],
            "runs_under_way": [_run(run) for run in self.under_way],
            "timeline": [_line(told) for told in self.timeline],
            "to": self.until.isoformat(),
        }


def reconstruct(  # noqa: PLR0913 - a moment and what was found for it, keyword-only
    *,
    around: datetime,
    window: timedelta,
    environment: str,
    records: Iterable[Account],
    runs: Sequence[Run],
    deciding: Sequence[Account] = (),
) -> Incident:
    """Put an incident together. `runs` are all that began before the window's end and may have lived into it.

    `deciding` are the window's records that name the policy which decided, and the last one before, oldest first.
    """
    since, until = around - window, around + window
    held = [Held(run, lifetime) for run in runs for lifetime in run.lifetimes if lifetime.live(around)]
    done = [run for run in runs if run.ended is not None and since <= run.ended <= until]
    return Incident(
        around=around,
        since=since,
        until=until,
        environment=environment,
        timeline=tuple(sorted(records, key=lambda told: told.seq)),
        under_way=tuple(run for run in runs if run.open(around)),
        held=tuple(sorted(held, key=lambda item: (item.lifetime.began, item.lifetime.handle))),
        changed=tuple(sorted(done, key=lambda run: run.ended or until)),
        switches=tuple(Switch(told, before.policy or "") for before, told in pairwise(deciding) if before.policy != told.policy),
    )


def _line(told: Account) -> dict[str, object]:
    return {
        "agent": told.agent,
        "approvers": list(told.approvers),
        "change": told.change,
        "kind": told.kind,
        "recorded": told.recorded,
        "seq": told.seq,
        "sponsor": told.sponsor,
        "summary": told.summary,
        "tokens": told.tokens,
    }


def _switch(item: Switch) -> dict[str, object]:
    told = item.told
    return {"before": item.before, "policy": told.policy, "recorded": told.recorded, "seq": told.seq}


def _run(run: Run) -> dict[str, object]:
    return {
        "action": run.intent.action,
        "agent": run.intent.agent,
        "approvers": list(run.intent.approvers),
        "began": run.began.isoformat(),
        "change": run.intent.change,
        "ended": None if run.ended is None else run.ended.isoformat(),
        "found_since": None if run.since is None else {"outcome": run.found_as, "seq": run.since.seq},
        "outcome": None if run.outcome is None else run.outcome.kind,
        "run": run.intent.run,
        "sponsor": run.intent.sponsor,
    }


def _held(item: Held) -> dict[str, object]:
    life = item.lifetime
    return {
        "certain": life.certain,
        "change": item.run.intent.change,
        "expires": life.expires.isoformat(),
        "from": life.began.isoformat(),
        "handle": life.handle,
        "listed": life.listed,
        "proof": life.proof,
        "provider": life.provider,
        "public_id": life.public_id,
        "run": item.run.intent.run,
        "scope": dict(life.scope),
        "to": None if life.ended is None else life.ended.isoformat(),
    }


def _changed(run: Run) -> dict[str, object]:
    result = run.result
    return _run(run) | {
        "argv": list(texts(result, "argv")),
        "connections": [dict(item) for item in parts(result, "connections")],
        "connections_left_out": result.get("connections_left_out"),
        "exit_code": result.get("exit_code"),
        "image": text(result, "image"),
        "left_out": dict(run.left_out),
        "paths": list(run.intent.paths),
        "paths_unlisted": run.intent.unlisted,
        "services": list(run.intent.services),
        "tokens": None if run.outcome is None else run.outcome.tokens,
    }
