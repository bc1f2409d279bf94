"""Credentials for AWS: a role's session for one run, narrowed by a session policy and denied everything after it.

What AWS enforces: the role's policies, the session policy, the lifetime (900 s at least), and the denial that `revoke` writes.
A session cannot be ended, only denied, and that takes AWS seconds to minutes to spread; expiry is the backstop.
The tests run against moto, which evaluates neither session policies nor expiry nor the denial's conditions: they show what is
sent, that the role's own policy holds, and that a denied session is turned away. Nothing here has met AWS itself.
"""

import json
import re
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from countersign.domain.authorization import Authorization
from countersign.domain.credential import Credential
from countersign.domain.ids import RunId
from countersign.domain.outcomes import BrokerFault, Refused
from countersign.domain.ports import Clock
from countersign.domain.scope import Grant, Proof, Revocation, Scope
from runners.brokers.aws_access import AwsAccess, faults
from runners.brokers.aws_probe import Probe, Verdict, probe_for
from runners.brokers.aws_revocations import Revocations

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sts.type_defs import (
        AssumeRoleRequestTypeDef,
        AssumeRoleResponseTypeDef,
        AssumeRoleWithWebIdentityRequestTypeDef,
        AssumeRoleWithWebIdentityResponseTypeDef,
        CredentialsTypeDef,
    )

FLOOR = 900
CEILING = 3600
"""Seconds. STS gives no session under 15 minutes; a chained one, and a role left at its default, none above an hour."""

_REQUIRED = frozenset({"role"})
_KNOWN = frozenset({"region", "role", "session_policy"})
_ROLE = re.compile(r"arn:aws[a-z-]*:iam::[0-9]{12}:role/(?:[\w+=,.@-]+/)*([\w+=,.@-]{1,64})", re.ASCII)
_REGION = re.compile(r"[a-z]{2}(?:-[a-z]+)+-[0-9]")
_HANDLE = re.compile(r"(run-[a-z2-7]{20})/(.+)", re.DOTALL)
_LONGEST_POLICY = 2048
_LONGEST_TAG = 256
_PUBLIC = ("AWS_ACCESS_KEY_ID", "AWS_DEFAULT_REGION", "AWS_EC2_METADATA_DISABLED", "AWS_ENDPOINT_URL", "AWS_REGION")
_SLACK = timedelta(minutes=1)


class AwsBroker:
    """Assumes the roles that policies name, for the runs that may."""

    def __init__(
        self, *, access: AwsAccess, clock: Clock, settle: float = 30.0, pause: Callable[[float], None] = time.sleep
    ) -> None:
        """Use this way to AWS; `settle` is how many seconds a denial is given to reach the service that is asked for proof."""
        self._access = access
        self._clock = clock
        self._settle = settle
        self._pause = pause
        self._sts = access.sts()
        self._iam = None if access.revoker is None else access.iam(access.revoker)

    @property
    def provider(self) -> str:
        """Give `aws`."""
        return "aws"

    def check(self, scope: Scope) -> None:
        """See that role, region, session policy and lifetime are ones that STS takes.

        Raises:
            Refused: they are not. The text names the parameter.
        """
        if scope.provider != self.provider:
            raise Refused("mint", f"scope {scope.name!r} is for provider {scope.provider!r}, not {self.provider}")
        if not _REQUIRED <= set(scope.parameters) <= _KNOWN:
            odd = ", ".join(sorted((_REQUIRED - set(scope.parameters)) | (set(scope.parameters) - _KNOWN)))
            raise Refused("mint", f"scope {scope.name!r} takes role, session_policy and region, no more (look at: {odd})")
        if not _ROLE.fullmatch(scope.parameters["role"]):
            raise Refused("mint", f"scope {scope.name!r}: role must be the ARN of an IAM role")
        if not _REGION.fullmatch(self._region(scope)):
            raise Refused("mint", f"scope {scope.name!r}: region must be a region's name, such as eu-central-1")
        if "session_policy" in scope.parameters:
            _check_policy(scope.name, scope.parameters["session_policy"])
        if not FLOOR <= scope.ttl <= CEILING:
            raise Refused("mint", f"scope {scope.name!r}: ttl is {scope.ttl} s; aws takes {FLOOR} to {CEILING}")

    def handle(self, run: RunId, scope: Scope) -> str:
        """Give `<run>/<scope>`. The session itself is named by the run: that is what AWS logs and what a denial is keyed by."""
        return f"{run}/{scope.name}"

    def mint(self, authorization: Authorization, scope: Scope) -> tuple[Grant, Credential]:
        """Assume the role.

        A second attempt of a run gives a second session: STS keeps no list, so it cannot be told. One revocation ends both.

        Raises:
            Refused: the scope is not one of the authorization's.
            BrokerFault: STS failed or said no, or gave a longer session than asked for.
        """
        if scope not in authorization.plan.scopes:
            raise Refused("mint", f"scope {scope.name!r} is not one that this run was authorized for")
        self.check(scope)
        minted = self._clock()
        with faults(f"assuming role {scope.parameters['role']}"):
            public_id, expires, credential = self._session(self._assume(authorization, scope)["Credentials"], scope)
        if expires > self._clock() + timedelta(seconds=scope.ttl) + _SLACK:
            raise BrokerFault(f"aws: the session would live until {expires:%H:%M:%S} UTC, longer than asked for; not used")
        return Grant(authorization.run, scope, self.handle(authorization.run, scope), public_id, minted, expires), credential

    def revoke(self, handle: str, scope: Scope, credential: Credential | None) -> Revocation:
        """Deny everything to the run's sessions of this role; then make a call that the credential could make before.

        Dead: turned away now, and let in just before the denial (or denied by an earlier revocation). Without the credential
        AWS offers nothing to ask, so the answer is "unproved", with the time at which the session ends by itself.

        Raises:
            BrokerFault: IAM failed; or the handle is not one that this broker gives: then nothing was touched.
        """
        found, role = _HANDLE.fullmatch(handle), _ROLE.fullmatch(scope.parameters.get("role", ""))
        if found is None or found[2] != scope.name or role is None:
            raise BrokerFault("aws: not a handle of this broker, or not of this scope; no role was touched")
        run, probe = RunId(found[1]), probe_for(scope.parameters.get("session_policy", ""))
        s3 = None if credential is None else self._access.s3(credential)
        before = None if probe is None or s3 is None else probe.attempt(s3)
        stood = None if self._iam is None else Revocations(self._iam, role[1]).deny(run, ttl=scope.ttl, now=self._clock())
        done = _done(run, role[1], stood=stood, over=self._clock() + timedelta(seconds=scope.ttl))
        if before is None or probe is None or s3 is None:
            lacks = "the credential is not at hand" if s3 is None else "the session policy allows no call known here as a probe"
            return Revocation(handle, self._clock(), Proof.UNPROVED, f"{lacks}; {done}")
        after = before if stood is None else self._attempt_until_away(probe, s3)
        proof, seen = _judge(before, after, stood=bool(stood))
        return Revocation(handle, self._clock(), proof, f"{probe}: {seen}; {done}")

    def _session(self, given: "CredentialsTypeDef", scope: Scope) -> tuple[str, datetime, Credential]:
        """Take an answer of STS apart; give the key's public name, when it ends, and the credential."""
        env = {
            "AWS_ACCESS_KEY_ID": given["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": given["SecretAccessKey"],
            "AWS_SESSION_TOKEN": given["SessionToken"],
            "AWS_REGION": self._region(scope),
            "AWS_DEFAULT_REGION": self._region(scope),
            "AWS_EC2_METADATA_DISABLED": "true",
        }
        if self._access.sandbox_endpoint is not None:
            env["AWS_ENDPOINT_URL"] = self._access.sandbox_endpoint
        return given["AccessKeyId"], given["Expiration"].astimezone(UTC), Credential(env, public=_PUBLIC)

    def _region(self, scope: Scope) -> str:
        return scope.parameters.get("region", self._access.region)

    def _assume(
        self, authorization: Authorization, scope: Scope
    ) -> "AssumeRoleResponseTypeDef | AssumeRoleWithWebIdentityResponseTypeDef":
        role, policy, tags = scope.parameters["role"], scope.parameters.get("session_policy"), session_tags(authorization)
        if self._access.web_identity is not None:  # tags and source identity are the token's to bring
            by_token: AssumeRoleWithWebIdentityRequestTypeDef = {
                "RoleArn": role,
                "RoleSessionName": authorization.run,
                "DurationSeconds": scope.ttl,
                "WebIdentityToken": self._access.web_identity(tags),
            }
            if policy is not None:
                by_token["Policy"] = policy
            return self._sts.assume_role_with_web_identity(**by_token)
        by_key: AssumeRoleRequestTypeDef = {
            "RoleArn": role,
            "RoleSessionName": authorization.run,
            "DurationSeconds": scope.ttl,
            "SourceIdentity": authorization.run,
            "Tags": [{"Key": key, "Value": value} for key, value in tags.items()],
            "TransitiveTagKeys": list(tags),
        }
        if policy is not None:
            by_key["Policy"] = policy
        return self._sts.assume_role(**by_key)

    def _attempt_until_away(self, probe: Probe, s3: "S3Client") -> tuple[Verdict, str]:
        deadline, wait = time.monotonic() + self._settle, 0.1
        while True:
            met = probe.attempt(s3)
            if met[0] is not Verdict.LET_IN or time.monotonic() + wait > deadline:
                return met
            self._pause(wait)
            wait = min(wait * 2, 5.0)


def _done(run: RunId, role: str, *, stood: bool | None, over: datetime) -> str:
    denied = "no revoker is configured, so nothing was denied" if stood is None else f"everything is denied to {run} on role {role}"
    return f"{denied}; a session of it ends by itself by {over:%Y-%m-%dT%H:%M:%SZ}"


def _judge(before: tuple[Verdict, str], after: tuple[Verdict, str], *, stood: bool) -> tuple[Proof, str]:
    """Say what two attempts prove. A no proves something only where there was a yes, or a denial that stood already."""
    match before[0], after[0]:
        case _, Verdict.LET_IN:
            return Proof.ALIVE, f"still let in ({after[1]})"
        case Verdict.LET_IN, Verdict.TURNED_AWAY:
            return Proof.DEAD, f"let in before, turned away after ({after[1]})"
        case Verdict.TURNED_AWAY, Verdict.TURNED_AWAY if stood or "explicit deny" in after[1]:
            return Proof.DEAD, f"turned away ({after[1]})"
        case Verdict.TURNED_AWAY, _:
            return Proof.UNPROVED, f"turned away even before it was denied ({before[1]}), so a no proves nothing"
        case _:
            return Proof.UNPROVED, f"answered neither yes nor no ({after[1]})"


def session_tags(authorization: Authorization) -> dict[str, str]:
    """Give what CloudTrail and policies can know a session by. IAM allows no `!` in a tag, so the change is `project:iid`."""
    change, plan = authorization.proposal.change, authorization.plan
    return {
        "countersign_run": authorization.run,
        "countersign_env": plan.environment or "none",
        "countersign_plan": plan.digest(),
        "countersign_change": f"{change.project}:{change.iid}"[-_LONGEST_TAG:],
    }


def _check_policy(scope: str, text: str) -> None:
    if not 1 <= len(text) <= _LONGEST_POLICY:
        raise Refused("mint", f"scope {scope!r}: session_policy has {len(text)} characters; STS takes 1 to {_LONGEST_POLICY}")
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict) or not document.get("Statement") or not text.isascii():
        raise Refused("mint", f"scope {scope!r}: session_policy is not a JSON policy in ASCII with a Statement")
