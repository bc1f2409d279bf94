"""The work of `countersign audit autonomy`: reads the policy, counts in the records, prints.

A module of its own since only this action and `replay` need what reads policies.
"""

import argparse
import json
from datetime import datetime

from countersign.adapters.index.question import Question
from countersign.adapters.index.records import each_predicate
from countersign.attestation.accounts.earning import Earning, Standing, earnings
from countersign.cli.audit.indexed import opened
from countersign.cli.clock import now
from countersign.cli.policy_files import read_policy
from countersign.cli.table import table
from countersign.domain.ids import MalformedError
from countersign.domain.problems import PolicyError
from countersign.domain.promoted import in_words

_KINDS = ("assessed", "refused", "intent", "executed", "failed", "lost", "promoted", "demoted")


def tell(options: argparse.Namespace) -> int:
    """Count and print; give the exit status."""
    file, moment = options.policy or options.repo / ".countersign/policy.yaml", now()
    try:
        policy = read_policy(file, floor=options.floor)
    except PolicyError as error:
        raise MalformedError(str(error)) from None
    except OSError as error:
        raise MalformedError(f"{error.filename}: {error.strerror}; name the policy with --policy, its floor with --floor") from None
    with opened(options) as branch:
        rows = branch.index.ask(Question(kinds=_KINDS, below=branch.below, oldest_first=True))
        found = earnings(policy, each_predicate(rows, branch.source), now=moment)
        if options.format == "json":
            for earning in found:
                print(json.dumps(earning.document(), sort_keys=True))
        elif found:
            headers = ("step", "combination", "runs", "days", "approvers", "went wrong", "standing")
            print(table(headers, [_cells(earning) for earning in found]))
            for earning in found:
                if earning.standing is Standing.IN_FORCE and earning.promoted is not None:
                    print(f"\nin force: {earning.promoted.what}\n  {earning.promoted.name}")
                if earning.standing is Standing.EARNED:
                    print(f"\nto promote it, add under autonomy[{earning.number}].earned:\n  - {_line(earning, moment)}")
        else:
            print("no way down, or no run on one" if policy.document.autonomy else f"{file} has no `autonomy`: no tier is earned")
        branch.warn()
        return branch.status


def _cells(earning: Earning) -> tuple[str, ...]:
    tally, after = earning.tally, earning.way.after
    return (
        str(earning.way.promote),
        in_words(earning.combination),
        f"{tally.runs} of {after.runs}",
        f"{tally.days} of {after.days}",
        f"{len(tally.approvers)} of {after.approvers}",
        f"{tally.went_wrong}, at most {after.rollbacks}",
        earning.standing.value,
    )


def _line(earning: Earning, moment: datetime) -> str:
    told = "".join(f"{word}: {json.dumps(value)}, " for word, value in earning.combination)  # JSON's texts are YAML's
    return f"{{{told}since: {moment:%Y-%m-%dT%H:%MZ}}}"
