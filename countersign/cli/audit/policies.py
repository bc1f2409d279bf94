"""What decided on a change, for a packet: the policies, and the files beside them, from a clone; each is held against its digest.

A module of its own since only `packet` needs what reads policies, and only where one names files beside itself.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from countersign.adapters.gitcmd import OFFLINE, GitFailed, run_git
from countersign.attestation.accounts.plain import Plain, part, text
from countersign.attestation.packets import form
from countersign.domain.ids import MalformedError, digest_of, sha
from countersign.domain.policy_sources import Found, Source
from countersign.domain.policy_yaml import PolicyError, read_draft


@dataclass(slots=True)
class Policies:
    """Files by their places in a packet, and why others are not there. `floor` is a copy of what a policy extends."""

    repository: Path
    floor: Path | None
    files: dict[str, bytes] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)

    def take_all(self, predicates: Iterable[Plain]) -> None:
        """Find what each of the records names, oldest first; the newest policy has a place of its own.

        Raises:
            MalformedError: the copy of the floor cannot be read.
        """
        named: dict[str, str] = {}
        for predicate in predicates:
            body = part(predicate, "body")
            commit, digest = text(body, "policy", "commit"), text(body, "policy", "digest")
            if digest is not None:
                named.pop(digest, None)
                named[digest] = commit or ""
                self._take_beside(commit or "", digest, text(body, "decision", "beside_digest"))
        if not named:
            self.missing[form.POLICY] = "the records name no policy"
        newest = next(reversed(named), None)
        for digest, commit in named.items():
            place = form.POLICY if digest == newest else form.policy_file(digest)
            data = self._policy(commit, digest)
            if isinstance(data, bytes):
                self.files[place] = data
            else:
                self.missing[place] = data

    def _take_beside(self, commit: str, digest: str, beside: str | None) -> None:
        """Find the files beside a policy. They have one digest together, so that either all of them are proved or none."""
        if beside is None or form.beside_list(beside) in self.files:
            return
        data = self._policy(commit, digest)
        if isinstance(data, str):
            self.missing[form.beside_list(beside)] = f"what stood beside the policy {digest} is not known: {data}"
            return
        try:
            draft = read_draft(data)
        except PolicyError:
            self.missing[form.beside_list(beside)] = f"this version does not read the policy {digest}, which names them"
            return
        found = {source: self._beside(commit, source) for source in draft.wants}
        listed = draft.beside_list(found)
        if listed is None or digest_of(listed) != beside:
            self.missing[form.beside_list(beside)] = self._why(found)
            return
        self.missing.pop(form.beside_list(beside), None)
        self.files[form.beside_list(beside)] = listed
        self.files |= {form.beside_file(digest_of(one)): one for one in found.values() if one is not None}

    def _why(self, found: Found) -> str:
        names = ", ".join(map(str, found)) or "nothing that this policy names"
        if self.floor is None and any(source.project for source in found):
            return f"{names}: one of them is another project's; give a copy with --floor, else none of them can be checked"
        return f"{names}: the clone, or the copy of the floor, has others than the record names"

    def _policy(self, commit: str, digest: str) -> bytes | str:
        """Give a policy's text, or why it cannot be had."""
        raw = _blob(self.repository, commit, form.POLICY_PLACE)
        if raw is None:
            return f"this clone does not hold commit {commit[:12]}"
        return raw if digest_of(raw) == digest else f"commit {commit[:12]} holds another policy than the record names"

    def _beside(self, commit: str, source: Source) -> bytes | None:
        if not source.project:
            return _blob(self.repository, commit, source.path)
        try:
            return None if self.floor is None else self.floor.read_bytes()
        except OSError as error:
            raise MalformedError(f"the floor {self.floor} cannot be read: {error.strerror}") from None


def _blob(repository: Path, commit: str, path: str) -> bytes | None:
    try:
        place = f"{sha(commit)}:{path}"
        return run_git(["cat-file", "blob", place], cwd=repository, env_extra={"GIT_ALLOW_PROTOCOL": "none"}, config=OFFLINE)
    except (GitFailed, MalformedError):
        return None
