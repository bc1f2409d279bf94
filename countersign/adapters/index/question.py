"""What can be asked of an index: who, what, where, when. Plain data; every part that is given narrows the answer."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Question:
    """A question. Times are written as records write them (UTC, microseconds, Z); `since` is included, `until` is not.

    `path` is a glob of the policy's kind. `host` is a name, with or without a port. `words` is free text: records that hold
    all of them, in quotation marks those that hold them in this order. `change` is a repository, a number, or both.
    `unlisted` wants records that name only some of their paths.
    `nowhere`: beside the records of the environment, those that have none.
    """

    since: str | None = None
    until: str | None = None
    environment: str | None = None
    nowhere: bool = False
    service: str | None = None
    agent: str | None = None
    sponsor: str | None = None
    author: str | None = None
    approver: str | None = None
    skill: str | None = None
    tier: str | None = None
    action: str | None = None
    kinds: tuple[str, ...] = ()
    credential: str | None = None
    host: str | None = None
    path: str | None = None
    rule: str | None = None
    repository: str | None = None
    iid: int | None = None
    run: str | None = None
    words: str | None = None
    unlisted: bool = False
    below: int | None = None
    limit: int | None = None
    oldest_first: bool = False
