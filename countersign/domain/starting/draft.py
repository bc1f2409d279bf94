"""Writes the first policy and its first scenarios for what a survey found. Strict where in doubt; runs nothing."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from countersign.domain.decide import decide
from countersign.domain.decision import Decision
from countersign.domain.lints.cover import never_decides
from countersign.domain.policy import Policy
from countersign.domain.policy_yaml import load_policy
from countersign.domain.scenarios.making import inputs_of
from countersign.domain.scenarios.scenario import Changed, FileFacts, Situation
from countersign.domain.starting.survey import PRODUCTION, Survey

_DECIDES = ("**/CODEOWNERS", "**/AGENTS.md", "**/CLAUDE.md", "**/.mcp.json", ".vscode/**", ".cursor/**", ".claude/**", "**/*.sh")
_PIPELINES = {"github": (".github/**",), "gitlab": (".gitlab-ci.yml", ".gitlab/**"), None: (".gitlab-ci.yml", ".github/**")}
_STRICT = frozenset({"infrastructure"})
_UNKNOWN = "my-group/my-team"
_GONE = "data that would be gone"
_GUARD = "things that decide or run"
_NEW = "a-folder-that-is-new/file"


@dataclass(frozen=True, slots=True)
class Draft:
    """Two files that go together."""

    policy: str
    scenarios: str


def draft(found: Survey, *, at: datetime) -> Draft:
    """Write both. Rules that could never decide are left out; scenarios say what this policy says, as of `at`."""
    left_out: frozenset[str] = frozenset()
    while True:
        text = "\n".join(_lines(found, left_out)) + "\n"
        policy = load_policy(text.encode())
        rules = policy.document.rules
        idle = {rule.name for number, rule in enumerate(rules) if next(never_decides(policy.document, number), None) is not None}
        if not idle:
            return Draft(text, _scenarios(found, policy, at))
        left_out |= {min(idle)}  # one at a time: of two that say the same, one has to stay


def _lines(found: Survey, left_out: frozenset[str]) -> Iterator[str]:
    yield "# Written by `countersign policy init` after a look at the names of the files here. It is a beginning: edit it, then run"
    yield "# `countersign policy check` and `countersign policy test`. Only the file on the protected branch counts."
    yield "# For completion in editors: `countersign policy schema --write .countersign`, and as the first line of this file"
    yield "#   # yaml-language-server: $schema=policy.v1.schema.json"
    yield "version: 1"
    yield ""
    yield "# Groups on the forge. Their members approve; bots, agents and whoever has a commit in the change never count."
    if found.group is None:
        yield "# CHANGE THIS: no remote and no CODEOWNERS told which group owns this repository."
        yield f"teams: {{owners: [{_UNKNOWN}]}}"
    else:
        yield f"teams: {{owners: [{found.group}]}}   # {found.group_from}"
    yield ""
    yield "# How careful to be, mildest first; the strictest that applies wins. A tier with `mode: autonomous` would ask nobody."
    yield "tiers:"
    yield "  normal: {mode: approve, approvals: [{from: owners}], expires: 24h}"
    yield "  critical: {mode: approve, approvals: [{from: owners, count: 2}], expires: 4h}   # two people"
    yield "unmatched: critical   # a path that no rule names"
    yield from _environments(found)
    yield ""
    yield "# Every rule is tried; their order has no meaning."
    yield "rules:"
    for name, patterns, tier in _rules(found):
        if patterns and name not in left_out:
            yield f"  - {{name: {name}, paths: {_listed(patterns)}, tier: {tier}}}"
    yield f"  - name: {_GUARD}"
    yield f"    paths: {_listed([*_PIPELINES[found.forge], *_DECIDES])}"
    yield "    tier: critical"
    yield "    alone: true   # not together with any other change"
    yield "  - {name: opaque files, kinds: [symlink, submodule, binary, executable], tier: critical}"
    if found.sql is not None:
        yield f"  - name: {_GONE}"
        yield "    plan: {deletes: [table, column, database, schema, rows]}"
        yield "    deny: People retire data, in a change of their own."
    yield from _actions(found)


def _environments(found: Survey) -> Iterator[str]:
    if found.environments:
        yield ""
        yield "# Places where changes take effect. One merge request touches one of them."
        yield "environments:"
        for name, patterns in found.environments.items():
            floor = ", at_least: critical" if name in PRODUCTION else ""
            yield f"  {name}: {{paths: {_listed(patterns)}{floor}}}"


def _rules(found: Survey) -> Iterator[tuple[str, Sequence[str], str]]:
    """Give names, paths and tiers."""
    yield "files at the top", ["*"], "normal"
    yield "folders that are here today", [f"{folder}/**" for folder in found.folders], "normal"
    for one in found.found:
        yield one.name, one.patterns, "critical" if one.name in _STRICT else "normal"


def _actions(found: Survey) -> Iterator[str]:
    """Show what an action looks like. None is in force: which image and which account to run with is nothing to guess."""
    chart = found.chart or "deploy/app"
    yield ""
    yield "# What a runner may do. Nothing is listed, so nothing runs: changes are judged, and people merge them."
    yield "# actions:"
    yield "#   helm:"
    yield f"#     paths: [{json.dumps(chart + '/**')}]"
    yield f"#     run: [helm, upgrade, app, {json.dumps(chart)}, --atomic, --timeout=5m]"
    yield "#     sandbox: helm"
    yield "# sandboxes:"
    yield '#   helm: {image: "registry.example/helm@sha256:…", memory: 512Mi, pids: 64, timeout: 10m}   # by digest, never by tag'


def _scenarios(found: Survey, policy: Policy, at: datetime) -> str:
    lines = [
        "# What this policy says today. `countersign policy test` tells when an edit changes it; `--mutate` what is not tested."
    ]
    for name, files in _situations(found):
        situation = Situation(name=name, at=at.isoformat(timespec="seconds"), change=Changed(files=files))
        inputs = inputs_of(situation, policy)
        lines += _scenario(situation, decide(policy, inputs.proposal, inputs.evidence, now=at), policy)
    return "\n".join(lines) + "\n"


def _situations(found: Survey) -> Iterator[tuple[str, dict[str, FileFacts]]]:
    plain = FileFacts()
    yield "a new folder needs two people", {_NEW: plain}
    yield "instructions for agents stand alone", {"AGENTS.md": plain, "README.md": plain}
    yield "instructions for agents need two people", {"AGENTS.md": plain}
    if found.sql is not None:
        yield "a table is not dropped by an agent", {found.sql: FileFacts(content="DROP TABLE orders;\n")}
    for one in found.found:
        yield f"a change to {one.name}", {one.example: plain}


def _scenario(situation: Situation, decision: Decision, policy: Policy) -> Iterable[str]:
    files = {path: facts.content for path, facts in situation.change.files.items()}
    listed = _listed(files) if all(text is None for text in files.values()) else json.dumps(files)
    own = {rule.name for rule in policy.document.rules}
    rules = sorted(reason.rule for reason in decision.deciding if reason.rule in own and reason.rule != situation.name)
    expect = [f"outcome: {decision.effect.word}", f"tier: {decision.tier}"]
    if not rules or decision.effect.word != "refused":
        asked = ", ".join(need.team for need in decision.needs for _ in range(need.count))
        expect.append(f"approvals: [{asked}]")
    if rules:
        expect.append(f"rule: {_listed(rules)}")
    yield f"- name: {situation.name}"
    yield f"  at: {situation.at.isoformat(timespec='minutes')}"
    yield f"  change: {{files: {listed}}}"
    yield f"  expect: {{{', '.join(expect)}}}"


def _listed(items: Iterable[str]) -> str:
    return json.dumps(list(items), ensure_ascii=False)
