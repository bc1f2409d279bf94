"""`countersign policy init`: looks at a repository and writes its first policy and scenarios. Overwrites nothing unasked."""

import argparse
from pathlib import Path

from countersign.adapters.clone import Clone
from countersign.cli import Commands, clock
from countersign.cli.policy import action
from countersign.domain.ids import MalformedError
from countersign.domain.starting.draft import draft
from countersign.domain.starting.survey import Survey, survey

_STATUS = """\
  0   both files are written
  2   the command line is wrong, or there is a policy already
  30  this is no clone, or the files cannot be written
"""
_SCENARIOS = Path(".countersign/tests/first.yaml")
_CODEOWNERS = ("CODEOWNERS", ".github/CODEOWNERS", ".gitlab/CODEOWNERS", "docs/CODEOWNERS")


def register(actions: Commands) -> None:
    """Add the action."""
    parser = action.add(actions, "init", "write a first policy for this repository, after looking at it", _init, _STATUS)
    parser.add_argument("--repo", type=Path, default=Path(), metavar="DIR", help="the clone; this directory if not given")
    parser.add_argument("--force", action="store_true", help="overwrite what is there")


def _init(options: argparse.Namespace) -> int:
    clone = Clone.find(options.repo)
    top = clone.top
    if top is None:
        raise MalformedError(f"{options.repo} has no work tree to write into")
    policy, scenarios = top / action.POLICY_FILE, top / _SCENARIOS
    for file in (policy, scenarios):
        if (file.exists() or file.is_symlink()) and not options.force:
            raise MalformedError(f"{file} is there already; --force overwrites it")
    found = survey(clone.paths(), remotes=clone.remotes(), codeowners=_codeowners(top))
    noon = clock.now().replace(hour=12, minute=0, second=0, microsecond=0)
    written = draft(found, at=noon)
    action.write(policy, written.policy)
    action.write(scenarios, written.scenarios)
    _tell(found, policy, scenarios)
    return action.FINE


def _codeowners(top: Path) -> str | None:
    for name in _CODEOWNERS:
        file = top / name
        if file.is_file() and not file.is_symlink():
            return action.read(file).decode(errors="replace")
    return None


def _tell(found: Survey, policy: Path, scenarios: Path) -> None:
    names = [one.name for one in found.found] + [f"environment {name}" for name in found.environments]
    print(f"found: {', '.join(names) or 'nothing that has rules of its own'}")
    print(f"wrote: {policy}\nwrote: {scenarios}")
    if found.group is None:
        print("to do: name your group under `teams`; nothing here told which one it is")
    print("next:  countersign policy check; countersign policy test; countersign policy explain PATH")
