"""Policies for tests that need one and do not test how it is read.

Reading YAML is slow and a policy is a value that nobody can change: each text is read once in a process, and tests share what
came of it. One that does not load is not kept.
"""

from functools import cache

from countersign.adapters.policies import Policies
from countersign.domain.policy import Policy
from countersign.domain.policy_sources import Source
from countersign.domain.policy_yaml import Draft, load_policy, read_draft


@cache
def policy(text: str, *beside: tuple[Source, bytes | None]) -> Policy:
    """Load a policy with what it names beside itself."""
    return draft(text).policy(dict(beside)) if beside else load_policy(text.encode())


@cache
def draft(text: str) -> Draft:
    """Read a policy as far as its own file goes."""
    return read_draft(text.encode())


@cache
def policies() -> Policies:
    """Give the policies of a process that has worked for many worlds. It knows them by their bytes, and no floor."""
    return Policies(most=1024)
