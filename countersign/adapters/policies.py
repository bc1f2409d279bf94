"""Reads the policy that judges: from the tip of the protected branch, with the files that it names beside itself.

Files of the repository come from the same commit as the policy. An organisation's floor comes from its own project, by the
commit that pins it, over git: the objects prove themselves. What was compiled is kept, since reading YAML is slow.
"""

from collections.abc import Callable

from countersign.domain.ids import Digest, Sha, digest_of
from countersign.domain.outcomes import GitFault, Refused
from countersign.domain.policy import Policy
from countersign.domain.policy_sources import Source
from countersign.domain.policy_yaml import POLICY_FILE, Draft, PolicyError, read_draft
from countersign.domain.ports import Repository
from countersign.domain.yaml_guard import LARGEST


def nowhere(project: str) -> Repository:
    """Know no other project.

    Raises:
        Refused: always.
    """
    raise Refused("policy", f"this installation reads no policy of other projects, such as {project!r}")


class Policies:
    """The policies of one process. Holds nothing that could not be read again; one that does not load is not kept."""

    def __init__(self, elsewhere: Callable[[str], Repository] = nowhere, *, most: int = 64) -> None:
        """Read floors from the repositories that `elsewhere` gives by their projects' paths. Keep `most` of each kind."""
        self._elsewhere = elsewhere
        self._most = most
        self._drafts: dict[Digest, Draft] = {}
        self._policies: dict[tuple[Digest, Digest | None], Policy] = {}
        self._floors: dict[Source, bytes | None] = {}

    def __len__(self) -> int:
        """Count the policies that are kept."""
        return len(self._policies)

    def at(self, repository: Repository, tip: Sha) -> Policy:
        """Give the policy at a commit.

        Raises:
            Refused: there is none, or it does not load. Without a policy nothing may run.
            GitFault: could not be read; try again.
        """
        data = repository.read(tip, POLICY_FILE, limit=LARGEST)
        if data is None:
            raise Refused("policy", f"the protected branch has no {POLICY_FILE}; without a policy nothing may run")
        try:
            return self.compiled(data, repository, tip)
        except PolicyError as error:
            raise Refused("policy", f"the policy on the protected branch is invalid:\n{error}") from None

    def compiled(self, data: bytes, repository: Repository, commit: Sha, *, file: str = POLICY_FILE) -> Policy:
        """Give the policy that these bytes would be at a commit.

        Raises:
            PolicyError: none; it does not load.
            Refused, GitFault: a file beside it cannot be read.
        """
        draft = self._drafts.get(digest_of(data)) or read_draft(data, file=file)
        found = {source: self._read(source, repository, commit) for source in draft.wants}
        digests = draft.digest, draft.beside_digest(found)
        policy = self._policies.get(digests) or draft.policy(found)
        for kept in (self._drafts, self._policies):
            if len(kept) >= self._most:
                kept.clear()
        self._drafts[draft.digest] = draft
        self._policies[digests] = policy
        return policy

    def _read(self, source: Source, repository: Repository, tip: Sha) -> bytes | None:
        if not source.project:
            return repository.read(tip, source.path, limit=LARGEST)
        if source not in self._floors:
            if len(self._floors) >= self._most:
                self._floors.clear()
            self._floors[source] = _pinned(self._elsewhere(source.project), source)
        return self._floors[source]


def _pinned(repository: Repository, source: Source) -> bytes | None:
    """Read a file of a commit that may not have been fetched yet."""
    try:
        return repository.read(Sha(source.commit), source.path, limit=LARGEST)
    except GitFault:
        repository.fetch()
        return repository.read(Sha(source.commit), source.path, limit=LARGEST)
