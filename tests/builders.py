"""Small makers of domain values, so that a test names only what it is about.

Everything here is valid and boring: a change by an agent with a known sponsor, in a small shop. Nothing is decided here.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from hashlib import sha1

from countersign.domain.analysis import analyse
from countersign.domain.approval import Evidence
from countersign.domain.facts import Facts, FileChange, FileStatus, Kind
from countersign.domain.ids import ChangeRef, Sha
from countersign.domain.people import Agent, Approval, Contributor, Person
from countersign.domain.policy import Policy
from countersign.domain.proposal import Claims, Proposal
from tests.support.policies import policy

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
"""A Tuesday, outside of every freeze of the shop."""

ASKED = NOON - timedelta(hours=2)
BASE, HEAD, TREE = Sha("b" * 40), Sha("1" * 40), Sha("c" * 40)

AGENT = Agent("shop-agent", "a-model", strength=1)
BOT = Person(1, "countersign-bot", bot=True)
RUNNER = Person(2, "countersign-runner", bot=True)
AGENT_ACCOUNT = Person(3, "shop-agent")
SAM = Person(10, "sam")
"""The sponsor of the shop's agent; a member of web all the same."""
WANDA, WIM = Person(11, "wanda"), Person(12, "wim")
LEA, LOU = Person(21, "lea"), Person(22, "lou")
STRANGER = Person(99, "stranger")

MEMBERS: Mapping[str, frozenset[Person]] = {
    "web": frozenset({SAM, WANDA, WIM}),
    "leads": frozenset({LEA, LOU}),
}

OLD, HARMLESS = "", "harmless\n"
IMAGE = "registry.shop.example/tools@sha256:" + "d" * 64

SHOP_POLICY = f"""\
version: 1
teams: {{web: [acme/web], leads: [acme/leads]}}
agents: {{shop-agent: {{account: shop-agent, sponsors: [sam]}}}}
tiers:
  low: {{mode: autonomous}}
  medium: {{mode: approve, approvals: [{{from: web}}], expires: 24h}}
  critical: {{mode: approve, approvals: [{{from: leads, count: 2}}, {{from: web}}], expires: 4h}}
unmatched: critical
environments:
  staging: {{paths: ["*/staging/**"], network: staging}}
  production: {{paths: ["*/production/**"], at_least: medium, network: production, freezes: [year-end]}}
services:
  shop: {{paths: ["*/*/shop/**"], owner: web}}
  checkout: {{paths: ["*/*/checkout/**"], owner: leads, at_least: critical}}
rules:
  - {{name: migrations in staging, paths: ["db/staging/**"], tier: low}}
  - {{name: migrations in production, paths: ["db/production/**"], tier: medium, because: Data has no revert commit.}}
  - {{name: the public page, paths: ["site/production/**"], tier: medium}}
  - {{name: words for people, paths: ["*.md", "docs/**"], tier: low}}
  - {{name: instructions, paths: ["**/AGENTS.md"], tier: critical, alone: true}}
  - {{name: opaque files, kinds: [symlink, submodule, binary, executable], tier: critical}}
  - name: data that would be gone
    plan: {{deletes: [table, column, database, schema, rows]}}
    deny: People retire data, with the runbook.
freezes:
  year-end: {{start: 2026-12-18T00:00, end: 2027-01-04T08:00, zone: Europe/Berlin}}
actions:
  migrate:
    paths: ["db/*/*/**"]
    run: [migrate, "{{files}}"]
    sandbox: tools
    credentials: {{run: [database]}}
  publish:
    paths: ["site/*/*/**"]
    run: [publish, "site-{{environment}}", "site/{{environment}}/{{service}}", "{{files}}"]
    rollback: [unpublish, "site-{{environment}}"]
    sandbox: tools
    credentials: {{run: [bucket]}}
credentials:
  database:
    {{provider: postgres, role: "shop_{{environment}}", database: "shop_{{environment}}", server: "db.shop.example:5432", ttl: 10m}}
  bucket:
    provider: aws
    role: "arn:aws:iam::123456789012:role/site-{{environment}}"
    region: eu-central-1
    session_policy: {{Version: "2012-10-17", Statement: [{{Effect: Allow, Action: ["s3:PutObject"], Resource: ["*"]}}]}}
    ttl: 15m
networks:
  staging: {{tier: privatelink, allow: ["db.shop.example:5432"]}}
  production: {{tier: privatelink, allow: ["db.shop.example:5432", "s3.shop.example"]}}
sandboxes:
  tools: {{image: "{IMAGE}", memory: 256Mi, pids: 64, timeout: 2m}}
"""
"""A whole small policy. Tests that need another one change its text."""


@cache
def shop_policy(*changes: tuple[str, str]) -> Policy:
    """Load the shop's policy after replacing each text by another; a text that is not there is a mistake of the test."""
    text = SHOP_POLICY
    for old, new in changes:
        assert old in text, f"the shop's policy has no {old!r}"
        text = text.replace(old, new)
    return policy(text)


def person(number: int, username: str | None = None, *, bot: bool = False) -> Person:
    """Make an account."""
    return Person(number, username or f"person-{number}", bot=bot)


def blob(content: str) -> Sha:
    """Give a well-formed object name that depends on the content."""
    return Sha(sha1(content.encode(), usedforsecurity=False).hexdigest())


def file_change(
    path: str,
    status: FileStatus = FileStatus.MODIFIED,
    *,
    kinds: Iterable[Kind] = (),
    added: int = 1,
    removed: int = 0,
    content: str | None = None,
) -> FileChange:
    """Make a changed path with the blobs that its status implies."""
    return FileChange(
        path,
        status,
        old_blob=None if status is FileStatus.ADDED else blob(OLD),
        new_blob=None if status is FileStatus.DELETED else blob(harmless(path) if content is None else content),
        kinds=frozenset(kinds),
        added=added,
        removed=removed,
    )


def harmless(path: str) -> str:
    """Give a content that no analyser minds."""
    return "SELECT 1;\n" if path.endswith(".sql") else "harmless: true\n" if path.endswith((".yaml", ".yml")) else HARMLESS


def facts(*files: FileChange | str, sql: Mapping[str, str] | None = None, contents: Mapping[str, str] | None = None) -> Facts:
    """Analyse files as the bot does. `sql` gives paths and contents of added files; other files have harmless ones.

    `contents` are texts that files made by `file_change(..., content=…)` refer to.
    """
    changes = [file_change(file) if isinstance(file, str) else file for file in files]
    changes += [file_change(path, FileStatus.ADDED, content=text) for path, text in (sql or {}).items()]
    texts = {OLD, *(sql or {}).values(), *(contents or {}).values(), *(harmless(change.path) for change in changes)}
    return analyse(changes, {blob(text): text.encode() for text in texts})


def proposal(
    *files: FileChange | str,
    sql: Mapping[str, str] | None = None,
    found: Facts | None = None,
    author: Person = AGENT_ACCOUNT,
    agent: Agent | None = AGENT,
    sponsor: Person | None = SAM,
    contributors: Iterable[Contributor] | None = None,
    claims: Claims | None = None,
    head: Sha = HEAD,
    iid: int = 7,
) -> Proposal:
    """Make a proposal of these files by the shop's agent. `found` replaces the facts that `facts` would give."""
    mine = Contributor(head, f"{author.username}@shop.example", author)
    return Proposal(
        change=ChangeRef("acme/shop", iid),
        title="A change",
        source_branch="proposals/shop-agent/a-change",
        target_branch="main",
        base=BASE,
        head=head,
        tree=TREE,
        author=author,
        agent=agent,
        sponsor=sponsor,
        contributors=(mine,) if contributors is None else tuple(contributors),
        facts=facts(*files, sql=sql) if found is None else found,
        claims=claims or Claims(),
    )


def approval(by: Person, *, at: datetime = NOON - timedelta(minutes=5), head: Sha | None = HEAD) -> Approval:
    """Make an approval of the head, given after the question was put."""
    return Approval(by, at, head)


def evidence(
    *approvals: Approval | Person,
    members: Mapping[str, frozenset[Person]] = MEMBERS,
    asked: datetime | None = ASKED,
) -> Evidence:
    """Make evidence: people (who approved in time) or approvals, with the shop's teams."""
    return Evidence(
        approvals=tuple(approval(item) if isinstance(item, Person) else item for item in approvals),
        members=members,
        asked=asked,
        machines=frozenset({BOT, RUNNER}),
    )
