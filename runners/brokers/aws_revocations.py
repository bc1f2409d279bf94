"""Denials on a role, one inline policy for each revoked run.

AWS cannot end a session, but it looks at the role's policies at every call. One policy a run, because IAM has no
compare-and-swap: two runners that rewrote one list would lose each other's entries. The name holds when the last session of
the run has ended; from then on the policy is dead weight, and whoever revokes next removes it.
"""

import json
import re
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from countersign.domain.ids import RunId
from countersign.domain.outcomes import BrokerFault
from runners.brokers.aws_access import faults

if TYPE_CHECKING:
    from mypy_boto3_iam import IAMClient

_NAME = re.compile(r"countersign-revoked\.(run-[a-z2-7]{20})\.([0-9]{1,10})")
_MARGIN = timedelta(minutes=5)
_CHAINED = timedelta(hours=1)
"""A session that was chained from the run's own one lives an hour at most, whatever the run's lifetime."""


def denial(run: RunId) -> str:
    """Give the policy that denies everything to the sessions of one run.

    Two keys, because either alone can be missing: the tag goes along when a session assumes the role again under another
    name, but is not there where a web identity token brought no tags; the session's name is always there.
    """
    keys = ({"StringEquals": {"aws:PrincipalTag/countersign_run": run}}, {"StringLike": {"aws:userid": f"*:{run}"}})
    statements = [{"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": key} for key in keys]
    return json.dumps({"Version": "2012-10-17", "Statement": statements}, separators=(",", ":"))


@dataclass(frozen=True, slots=True)
class Revocations:
    """The denials of one role. A role holds 10,240 characters of inline policies: room for about thirty runs at a time."""

    iam: "IAMClient"
    role: str

    def standing(self) -> dict[RunId, datetime]:
        """Give the runs that are denied, and when their last session has ended.

        Raises:
            BrokerFault: IAM failed.
        """
        with faults(f"listing the revocations of role {self.role}"):
            pages = self.iam.get_paginator("list_role_policies").paginate(RoleName=self.role)
            names = [_NAME.fullmatch(name) for page in pages for name in page["PolicyNames"]]
        return {RunId(found[1]): datetime.fromtimestamp(int(found[2]), UTC) for found in names if found}

    def deny(self, run: RunId, *, ttl: int, now: datetime) -> bool:
        """Deny everything to the run, once; say whether it was denied before. Removes denials that are over.

        Raises:
            BrokerFault: IAM failed, or the role is full.
        """
        standing = self.standing()
        for other, over in standing.items():
            if over < now and other != run:
                with suppress(BrokerFault):  # what is over can wait; the denial cannot
                    self._remove(other, over)
        if run in standing:
            return True
        over = now + max(timedelta(seconds=ttl), _CHAINED) + _MARGIN
        doing = f"denying {run} on role {self.role}"
        with faults(doing):
            try:
                self.iam.put_role_policy(RoleName=self.role, PolicyName=_name(run, over), PolicyDocument=denial(run))
            except self.iam.exceptions.LimitExceededException:
                full = f"the role holds {len(standing)} revocations and takes no more until the oldest are over"
                raise BrokerFault(f"aws: {doing}: {full}") from None
        return False

    def _remove(self, run: RunId, over: datetime) -> None:
        with faults(f"removing a revocation that is over from role {self.role}"):
            try:
                self.iam.delete_role_policy(RoleName=self.role, PolicyName=_name(run, over))
            except self.iam.exceptions.NoSuchEntityException:
                return  # another runner was first


def _name(run: RunId, over: datetime) -> str:
    return f"countersign-revoked.{run}.{int(over.timestamp())}"
