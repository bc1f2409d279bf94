"""How the demo ends: what the records say, what stock git says, and what offline verification says."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from tests.stage import shop

if TYPE_CHECKING:
    from tests.stage.demo import Demo

_BAR = 40


def report(demo: "Demo") -> int:
    """Fetch a clone, look, print; give the demo's exit status."""
    visitor = demo.visitor
    visitor.fetch()
    records = visitor.records()
    print("\nWhat is on the record", flush=True)
    _runs(demo, records)
    demo.check("every credential of every run is proved dead", lambda: _all_dead(records))
    demo.check("no role of a run is left on the database server", lambda: not visitor.roles_of_runs())
    demo.check("for the refused change nothing was announced, minted or run", lambda: _only_refused(records, demo.changes["drop"]))
    signatures = visitor.signatures()
    marks = [
        line.split(" ", 1)[0]
        for line in signatures.text.splitlines()
        if line[:2] in {"G ", "B ", "U ", "N ", "E ", "X ", "Y ", "R "}
    ]
    demo.check(f"stock git finds {len(marks)} good signatures", lambda: bool(marks) and set(marks) == {"G"})
    verified = visitor.verify()
    demo.check("the branch verifies offline", lambda: verified.status == 0)
    web = f"{visitor.card['forge']}/{shop.PROJECT}"
    print("\nLook for yourself (it keeps running; `make clean` stops it)")
    print(f"  merge request   {demo.url('production')}")
    print(f"  its record      {web}/-/blob/countersign/audit/{_outcome_path(records, demo.changes['production'])}")
    print(f"  the refusal     {demo.url('drop')}")
    print(f"  clone           {visitor.clone}")
    print(f"  allowed signers {visitor.card['allowed_signers']}")
    print(f"  git -C {visitor.clone} -c gpg.ssh.allowedSignersFile={visitor.card['allowed_signers']} \\")
    print("      log --show-signature origin/countersign/audit")
    print(f"  .venv/bin/countersign audit verify --repo {visitor.clone} --trust-root {visitor.card['allowed_signers']}\n")
    for problem in demo.problems:
        print(f"NOT SO: {problem}")
    print(verified.text.strip(), flush=True)
    return 1 if demo.problems else 0


def _runs(demo: "Demo", records: list[dict[str, Any]]) -> None:
    for name, iid in demo.changes.items():
        mine = [record for record in records if _iid(record) == iid]
        kinds = " → ".join(f"{record['kind']} ({record['seq']})" for record in mine)
        print(f"  !{iid} {name}: {kinds}")
        for record in mine:
            _timeline(record)


def _timeline(record: dict[str, Any]) -> None:
    steps = record.get("timeline", [])
    total = max(1, sum(step["ms"] for step in steps))
    done = 0
    for step in steps:
        width = max(1, round(_BAR * step["ms"] / total))
        print(f"      ({step['step']}) {step['name']:<10}{step['ms']:>6} ms  {' ' * round(_BAR * done / total)}{'█' * width}")
        done += step["ms"]
    for grant in record.get("grants", []):
        print(f"      {grant['provider']} {grant['public_id']}: minted {_clock(grant['minted'])}, ", end="")
        print(f"revoked {_clock(grant['revoked'])}, {grant['proof']}: {grant['proof_detail']}")


def _clock(moment: str | None) -> str:
    return "never" if moment is None else moment[11:23]


def _iid(record: dict[str, Any]) -> int | None:
    change = record.get("change")
    return change.get("iid") if isinstance(change, dict) else None


def _all_dead(records: list[dict[str, Any]]) -> bool:
    grants = [grant for record in records for grant in record.get("grants", [])]
    return bool(grants) and all(grant["proof"] == "dead" for grant in grants)


def _only_refused(records: list[dict[str, Any]], iid: int) -> bool:
    kinds = {record["kind"] for record in records if _iid(record) == iid}
    return kinds == {"refused"}


def _outcome_path(records: list[dict[str, Any]], iid: int) -> str:
    of_change: Callable[[dict[str, Any]], bool] = lambda record: _iid(record) == iid and record["kind"] == "executed"  # noqa: E731
    return next((str(record["path"]) for record in records if of_change(record)), "")
