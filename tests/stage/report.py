"""How the demo ends: what the records say, what stock git says, and what offline verification says."""

from pathlib import Path
from textwrap import wrap
from typing import TYPE_CHECKING, Any

from countersign.attestation.record import AUDIT_BRANCH
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
    demo.check("every credential of every run is proved dead", lambda: all_dead(records))
    demo.check("no role of a run is left on a database server", lambda: not visitor.roles_of_runs())
    demo.check("for the refused change nothing was announced, minted or run", lambda: only_refused(records, demo.changes["drop"]))
    demo.check("its record names the rule and the freeze", lambda: names_both(records, demo.changes["drop"]))
    signatures = marks(visitor.signatures().text)
    verified = visitor.verify()
    last = verified.text.strip().rpartition("\n")[2]
    demo.check(
        f"{len(records)} records, each with a signature that stock git finds good",
        lambda: len(signatures) == len(records) > 0 and set(signatures) == {"G"},
    )
    demo.check(
        f"all {len(records)} verify offline",
        lambda: verified.status == 0 and last == f"verified: {len(records)} records, 0 problems",
    )
    _places(demo, records)
    print(f"It took {demo.seconds():.0f} s.\n")
    for problem in demo.problems:
        print(f"NOT SO: {problem}")
    print(verified.text.strip(), flush=True)
    return 1 if demo.problems else 0


def marks(log: str) -> list[str]:
    """Give the mark that git puts on each commit's signature: G is good, anything else is not."""
    return [line.split(" ", 1)[0] for line in log.splitlines() if line[:2] in {f"{mark} " for mark in "GBUNEXYR"}]


def timeline(record: dict[str, Any]) -> list[str]:
    """Tell the steps of a run, and of each of its credentials when it was made and how it ended, in lines."""
    steps = record.get("timeline") or []
    total = max(1, sum(step["ms"] for step in steps))
    done = 0
    lines: list[str] = []
    for step in steps:
        bar = " " * round(_BAR * done / total) + "█" * max(1, round(_BAR * step["ms"] / total))
        lines.append(f"({step['step']}) {step['name']:<10}{step['ms']:>6} ms  {bar}")
        done += step["ms"]
    for grant in record.get("grants") or []:
        name = f"{grant['provider']} {grant['public_id']}" if "public_id" in grant else grant["handle"]
        lines.append(f"{name}: minted {_clock(grant['minted'])}, revoked {_clock(grant['revoked'])}, {grant['proof']}")
        lines += wrap(str(grant["proof_detail"]), width=110, initial_indent="  ", subsequent_indent="  ")
    if record["kind"] == "refused":
        lines += wrap(str(record["why"]), width=110)
    return lines


def all_dead(records: list[dict[str, Any]]) -> bool:
    """Say whether there were credentials and all of them are proved dead."""
    grants = [grant for record in records for grant in record.get("grants") or []]
    return bool(grants) and all(grant["proof"] == "dead" for grant in grants)


def only_refused(records: list[dict[str, Any]], iid: int) -> bool:
    """Say whether a change has been refused and nothing else."""
    kinds = {record["kind"] for record in records if _iid(record) == iid}
    return kinds == {"refused"}


def names_both(records: list[dict[str, Any]], iid: int) -> bool:
    """Say whether the reasons of a refusal name the rule that forbids it and the freeze."""
    texts = [
        str(reason)
        for record in records
        if _iid(record) == iid and record["kind"] == "refused"
        for reason in record["decision"]["reasons"]
    ]
    return any("data that would be gone" in text for text in texts) and any("stocktaking" in text for text in texts)


def record_path(records: list[dict[str, Any]], iid: int) -> str:
    """Give where on the branch it stands that a change was executed."""
    return next((str(record["path"]) for record in records if _iid(record) == iid and record["kind"] == "executed"), "")


def _places(demo: "Demo", records: list[dict[str, Any]]) -> None:
    card = demo.visitor.card
    allowed = card["allowed_signers"]
    web = f"{card['forge']}/{shop.PROJECT}"
    print("\nLook for yourself (it keeps running; `make clean` stops it)")
    print(f"  merge request   {demo.url('production')}")
    print(f"  its record      {web}/-/blob/{AUDIT_BRANCH}/{record_path(records, demo.changes['production'])}")
    print(f"  the refusal     {demo.url('drop')}")
    password = Path(allowed).with_name("pages.token")
    print(f"  audit pages     {card['bot']}/audit/{shop.PROJECT}/-/ (any name; the password is in {password})")
    print(f"  allowed signers {allowed}\n")
    look = demo.visitor.clone.with_name("look")
    print("  What an auditor does, from that file and a clone alone:")
    print(f"  git clone {card['clone_url']} {look}")
    print(f"  git -C {look} -c gpg.ssh.allowedSignersFile={allowed} log --show-signature origin/{AUDIT_BRANCH}")
    print(f"  .venv/bin/countersign audit verify --repo {look} --trust-root {allowed}")
    print(f"  .venv/bin/countersign audit exceptions --repo {look} --trust-root {allowed}")
    packet = f"'{shop.PROJECT}!{demo.changes['production']}' --out {look.with_name('packet')}"
    print(f"  .venv/bin/countersign audit packet {packet} --repo {look} --trust-root {allowed}\n")


def _runs(demo: "Demo", records: list[dict[str, Any]]) -> None:
    for name, iid in demo.changes.items():
        mine = [record for record in records if _iid(record) == iid]
        kinds = " → ".join(f"{record['kind']} ({record['seq']})" for record in mine)
        print(f"  !{iid} {name}: {kinds}")
        for line in (line for record in mine for line in timeline(record)):
            print(f"      {line}")


def _clock(moment: str | None) -> str:
    return "never" if moment is None else moment[11:23]


def _iid(record: dict[str, Any]) -> int | None:
    change = record.get("change")
    return change.get("iid") if isinstance(change, dict) else None
