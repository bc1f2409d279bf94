"""`countersign policy explain`: what the policy says of paths, of a diff in the clone, or of a merge request, and why."""

import argparse
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

from countersign.adapters.clone import Clone, CloneRepository
from countersign.adapters.offline import observe_commits
from countersign.cli import Commands, clock
from countersign.cli.policy import action, explained
from countersign.cli.policy.floored import floored
from countersign.cli.policy.moment import moment
from countersign.domain.approval import NOTHING_YET
from countersign.domain.decide import decide
from countersign.domain.facts import FileStatus
from countersign.domain.ids import ChangeRef, MalformedError, Sha
from countersign.domain.outcomes import Fault, Refused
from countersign.domain.policy_yaml import PolicyError
from countersign.domain.remotes import project_of
from countersign.domain.scenarios.making import inputs_of
from countersign.domain.scenarios.scenario import Changed, FileFacts, Situation

_STATUS = """\
  0   it would run, or there is nothing to run
  2   the command line is wrong
  10  it needs people: approval, or that they do it themselves
  11  frozen: it waits
  20  refused
  30  could not check: no clone, no policy, a commit that was not fetched
"""
_NUMBER = re.compile(r"!([1-9]\d{0,9})")
_CHANGE = re.compile(r"/(?P<project>.+?)/(?:-/merge_requests|pull)/(?P<iid>[1-9]\d{0,9})(?:/.*)?")


@dataclass(frozen=True, slots=True)
class Target:
    """A merge request: its number, and its project where an address says it."""

    iid: int
    project: str | None = None


def register(actions: Commands) -> None:
    """Add the action."""
    parser = action.add(actions, "explain", "say what would become of a change, and why, without a network", _explain, _STATUS)
    parser.add_argument(
        "targets",
        nargs="*",
        metavar="PATH | MR",
        help="paths that would change; or a merge request that was fetched, as !41 or its address",
    )
    parser.add_argument("--base", metavar="COMMIT", help="explain a real diff: the commit that it would be merged into")
    parser.add_argument("--head", metavar="COMMIT", help="explain a real diff: its newest commit")
    parser.add_argument("--branch", help="the protected branch (default: that of the remote)")
    parser.add_argument("--policy", type=Path, metavar="FILE", help="judge by this file instead of the one on the protected branch")
    parser.add_argument("--repo", type=Path, default=Path(), metavar="DIR", help="the clone; this directory if not given")
    parser.add_argument("--agent", metavar="NAME", help="with paths: the agent that would propose them")
    parser.add_argument("--at", type=moment, metavar="TIME", help="as if it were then, such as 2026-12-24T12:00+01:00")
    parser.add_argument(
        "--plan",
        action="append",
        default=[],
        metavar="[DIR=]FILE",
        help="with a real diff: what `terraform show -json` said of the plan of the root module in DIR (the top, if not given); "
        "may be repeated",
    )
    action.floors(parser)
    action.formats(parser)


def _explain(options: argparse.Namespace) -> int:
    now = options.at or clock.now()
    try:
        answer = _paths(options, now) if _is_paths(options) else _commits(options, now)
    except Refused as no:
        return explained.tell_refusal(f"{no.stage}: {no.why}", options.format)
    except PolicyError as error:
        return explained.tell_refusal(f"the policy does not load:\n{error}", options.format)
    return explained.tell(answer, options.format)


def _is_paths(options: argparse.Namespace) -> bool:
    """Tell the two uses apart.

    Raises:
        MalformedError: neither, or a mixture.
    """
    diff = options.base is not None or options.head is not None
    if diff and options.head is None:
        raise MalformedError("--base alone is no diff: give --head too")
    if bool(options.targets) == diff:
        raise MalformedError("give paths, or one merge request, or --base and --head")
    paths = not diff and _target(options.targets) is None
    if paths and options.plan:
        raise MalformedError("--plan goes with a real diff: give a merge request, or --base and --head")
    return paths


def _target(targets: Sequence[str]) -> Target | None:
    if len(targets) != 1:
        return None
    number = _NUMBER.fullmatch(targets[0])
    if number is not None:
        return Target(int(number[1]))
    parts = urlsplit(targets[0])
    if parts.scheme not in {"http", "https"}:
        return None
    change = _CHANGE.fullmatch(parts.path)
    if change is None:
        raise MalformedError("the address of a merge request ends in /-/merge_requests/41, or in /pull/41")
    return Target(int(change["iid"]), change["project"])


def _paths(options: argparse.Namespace, now: datetime) -> explained.Answer:
    """Explain a change that does not exist: these paths, changed in some plain way. The policy is the file in the work tree."""
    file = options.policy or options.repo / action.POLICY_FILE
    if not file.is_file():
        raise Fault(f"there is no {file}; name the policy with --policy, or the clone with --repo")
    policy = action.load(file, options.floor)
    paths = sorted({path.removeprefix("./") for path in options.targets})
    files = {path: FileFacts(status=FileStatus.MODIFIED if (options.repo / path).exists() else FileStatus.ADDED) for path in paths}
    if options.agent is not None and options.agent not in policy.agents:
        print(f"note: {file} knows no agent {options.agent!r}", file=sys.stderr)
    situation = Situation(name="explained", at=now.isoformat(timespec="seconds"), change=Changed(files=files), agent=options.agent)
    inputs = inputs_of(situation, policy)
    decision = decide(policy, inputs.proposal, inputs.evidence, now=now)
    return explained.Answer(policy, decision, "these paths, whatever their contents; approvals are not looked at")


def _commits(options: argparse.Namespace, now: datetime) -> explained.Answer:
    """Explain a diff that exists: facts from git's objects, the policy from the protected branch, nothing from a forge."""
    clone = Clone.find(options.repo)
    target = _target(options.targets)
    branch, base = ("base", clone.resolve(options.base)) if options.base is not None else clone.branch(options.branch)
    head = clone.resolve(options.head) if target is None else _head(clone, target)
    project = (target.project if target is not None else None) or "this/clone"
    files = {} if options.policy is None else {str(action.POLICY_FILE): action.read(options.policy)}
    with TemporaryDirectory(prefix="countersign-") as scratch:
        repository = CloneRepository(clone, scratch=Path(scratch), branches={branch: base}, files=files)
        ref = ChangeRef(project, 1 if target is None else target.iid)
        policies = floored(clone, Path(scratch), options.floor)
        seen = observe_commits(repository, clone, branch=branch, head=head, ref=ref, policies=policies, plans=_plans(options.plan))
    decision = decide(seen.policy, seen.proposal, NOTHING_YET, now=now)
    what = f"{head[:12]} into {branch} at {base[:12]}; accounts, approvals and team members are the forge's and are not looked at"
    return explained.Answer(seen.policy, decision, what)


def _plans(given: Sequence[str]) -> dict[str, bytes]:
    """Read what is given as plans, by directory.

    Raises:
        MalformedError: a file cannot be read, or two are of the same directory.
    """
    plans: dict[str, bytes] = {}
    for text in given:
        directory, _, file = text.rpartition("=")
        directory = directory.removeprefix("./").strip("/")
        directory = "" if directory == "." else directory
        if directory in plans:
            raise MalformedError(f"--plan: two plans of {directory or 'the top'}")
        plans[directory] = action.read(Path(file))
    return plans


def _head(clone: Clone, target: Target) -> Sha:
    if target.project is not None and not any(project_of(remote) == target.project for remote in clone.remotes()):
        raise Fault(f"no remote of the clone is {target.project}; go to a clone of it, or give --repo")
    return clone.head_of(target.iid)
