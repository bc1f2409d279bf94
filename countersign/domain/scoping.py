"""Turns a credential of the policy into the scope of one phase of one run, every placeholder filled. Mints nothing."""

import json
from collections.abc import Iterable

from countersign.domain.canonical import canonical_json
from countersign.domain.policy import Policy
from countersign.domain.policy_credentials import AwsCredential
from countersign.domain.scope import Scope
from countersign.domain.templates import NoPlanError, Values, fill, fill_all

_OWN = frozenset({"provider", "ttl"})
_ONE_REGION = "name one region in the policy for both"


def scopes(policy: Policy, names: Iterable[str], values: Values, region: str | None) -> tuple[Scope, ...]:
    """Give the scopes, each once, in the order of their names.

    Raises:
        NoPlanError: a placeholder has no one value, or a credential leads out of the environment's region.
    """
    return tuple(_scope(policy, name, values, region) for name in sorted(set(names)))


def _scope(policy: Policy, name: str, values: Values, region: str | None) -> Scope:
    """Parameters are the provider's own words; lists and mappings become canonical JSON."""
    credential = policy.document.credentials[name]
    given = {key: value for key in type(credential).model_fields if key not in _OWN and (value := getattr(credential, key))}
    if isinstance(credential, AwsCredential):
        if credential.region is not None and region is not None and credential.region != region:
            raise NoPlanError(f"credential {name!r} is for {credential.region}; the environment stays in {region}", _ONE_REGION)
        if credential.region is None and region is not None:
            given["region"] = region
        if name in policy.beside.session_policies:
            given["session_policy"] = json.loads(policy.beside.session_policies[name])
    parameters = {key: _text(value, values) for key, value in sorted(given.items())}
    return Scope(name=name, provider=credential.provider, parameters=parameters, ttl=credential.ttl)


def _text(value: object, values: Values) -> str:
    return fill(value, values) if isinstance(value, str) else canonical_json(fill_all(value, values)).decode()
