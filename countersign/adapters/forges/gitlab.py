"""The Forge port for GitLab (REST API v4). Only ForgeFault leaves it. Decides nothing and trusts no verdict of GitLab's.

An approval is bound to a head by time, since GitLab keeps no commit with it: see `countersign.domain.versions`.
"""

from datetime import UTC, datetime
from pathlib import Path

from countersign.adapters.forges.gitlab_answers import Approved, Diff, Listed, MergeRequest, Note, Status, read
from countersign.adapters.forges.gitlab_client import ForgeFailed, GitLabClient, Query, encoded
from countersign.adapters.forges.gitlab_people import GitLabPeople
from countersign.domain.heard import Answer, Approvals, Members
from countersign.domain.ids import ChangeRef, Sha
from countersign.domain.neutral import line, neutral, title
from countersign.domain.outcomes import ForgeFault
from countersign.domain.people import Approval, Person
from countersign.domain.ports import Change, ChangeState, NewChange, StatusState
from countersign.domain.versions import Version, head_at, ordered, taken_in

STATUS = "countersign"
_NEVER = datetime(1970, 1, 1, tzinfo=UTC)
"""Stands for the time of an approval that GitLab gives no time for. It is before every question, so it counts for none."""

_STATES = {"opened": ChangeState.OPEN, "merged": ChangeState.MERGED, "closed": ChangeState.CLOSED}
_DESCRIPTION_LIMIT = 255
_CONFLICT = 409
_BAD_REQUEST = 400


class GitLabForge:
    """What the holder of one token sees and does. Not shared between threads."""

    def __init__(self, *, url: str, token: str, timeout: float = 20, ca_file: Path | None = None) -> None:
        """Name the server. `timeout` is in seconds, for connecting and for each silence; `ca_file` is for a private authority."""
        self._url = url.rstrip("/")
        self._client = GitLabClient(url=url, token=token, timeout=timeout, ca_file=ca_file)
        self._people = GitLabPeople(self._client, url=url)

    def whoami(self) -> Person:
        """Give the account whose token this is."""
        return self._people.whoami()

    def change(self, ref: ChangeRef) -> Change:
        """Look at a change. A push that GitLab has not fully taken in yet is a fault: try again (attack 12)."""
        return self._change(ref, self._merge_request(ref))

    def approvals(self, ref: ChangeRef) -> Approvals:
        """Give the approvals that stand now, each with the head that was newest when it was given, if that can be proved."""
        answer, first = self._client.hear("list approvals", f"{_path(ref)}/approvals")
        versions, pages = self._versions(ref)  # after the approvals: a head that was pushed before one of them must not be missed
        given = tuple(
            Approval(
                person=self._people.person(given.user),
                at=given.approved_at or _NEVER,
                head=_head_at(versions, given.approved_at),
            )
            for given in sorted(read(Approved, answer).approved_by, key=lambda given: given.user.id)
        )
        return Approvals(given, versions, (first, *pages))

    def members(self, group: str) -> Members:
        """Give everybody who is in the group now, inherited members too; who is a bot is not told here."""
        return self._people.members(group)

    def person(self, username: str) -> Person | None:
        """Give the account of that exact name."""
        return self._people.named(username)

    def person_by_email(self, email: str) -> Person | None:
        """Give the one account that owns the address, as far as this token may see."""
        return self._people.owning(email)

    def open_changes(self, project: str) -> tuple[ChangeRef, ...]:
        """List the open changes of a project."""
        return tuple(sorted(ChangeRef(project, found.iid) for found in self._open(project)))

    def open_change(self, new: NewChange) -> Change:
        """Open a change, or give ours that is open for the same branches: safe to repeat where the answer got lost."""
        known = self._known(new)
        if known is None:
            asked = {
                "source_branch": new.source_branch,
                "target_branch": new.target_branch,
                "title": title(new.title),
                "description": neutral(new.description),
                "labels": sorted(new.labels),
            }
            try:
                made = self._client.post("open a change", f"/projects/{encoded(new.project)}/merge_requests", asked)
                known = read(Listed, made)
            except ForgeFailed as failed:
                known = self._known(new) if failed.status == _CONFLICT else None
                if known is None:
                    raise
        return self.change(ChangeRef(new.project, known.iid))

    def say(self, ref: ChangeRef, marker: str, body: str) -> None:
        """Write our one comment. No line of it can be a quick action."""
        text, notes = neutral(f"{marker}\n{body}"), f"{_path(ref)}/notes"
        ours = [note for note in self._our_notes(ref) if note.body.startswith(marker)]
        if not ours:
            self._client.post("comment", notes, {"body": text})
        elif ours[0].body.rstrip() != text.rstrip():
            self._client.put("edit a comment", f"{notes}/{ours[0].id}", {"body": text})

    def comments(self, ref: ChangeRef) -> tuple[str, ...]:
        """Give the texts of our own comments on a change, oldest first."""
        return tuple(note.body for note in self._our_notes(ref))

    def set_status(self, project: str, commit: Sha, state: StatusState, description: str, url: str | None) -> None:
        """Set the commit status `countersign`. GitLab has no way back from running to pending: then it stays running."""
        asked: dict[str, object] = {"state": state.value, "name": STATUS, "description": line(description)[:_DESCRIPTION_LIMIT]}
        if url is not None:
            asked["target_url"] = url
        try:
            self._client.post("set a commit status", f"/projects/{encoded(project)}/statuses/{commit}", asked)
        except ForgeFailed as failed:
            if failed.status != _BAD_REQUEST or not self._status_stands(project, commit, state):
                raise

    def set_label(self, ref: ChangeRef, label: str, *, family: str) -> None:
        """Put one label of a family on a change and take the family's others off."""
        labels = self._merge_request(ref).labels
        others = sorted(other for other in labels if other.startswith(family) and other != label)
        if others or label not in labels:
            self._client.put("label a change", _path(ref), {"add_labels": [label], "remove_labels": others})

    def merge(self, ref: ChangeRef, head: Sha, *, into: str) -> Sha:
        """Merge, naming the head that was approved; give the merge commit. Safe to repeat where the answer got lost.

        GitLab's call names the head and not the target, so a re-target in the instant after the look below would get through.
        """
        found = self._merge_request(ref)
        if found.sha != head:
            raise ForgeFault(f"{ref} has moved on from {head[:12]}")
        if found.target_branch != into:
            raise ForgeFault(f"{ref} no longer goes into {into!r}")
        if found.state != "merged":
            asked: dict[str, object] = {"sha": head, "squash": False}
            found = read(MergeRequest, self._client.put("merge a change", f"{_path(ref)}/merge", asked))
        if found.state != "merged" or found.sha != head:
            raise ForgeFault(f"GitLab has not merged {ref}; it is {found.state}")
        return Sha(found.merge_commit_sha or found.squash_commit_sha or found.sha)

    def clone_url(self, project: str) -> str:
        """Give the URL for git over HTTP: made from the configured one, so that a token never follows what an answer says."""
        return f"{self._url}/{ChangeRef(project, 1).project}.git"

    def _merge_request(self, ref: ChangeRef) -> MergeRequest:
        found = read(MergeRequest, self._client.get("look at a change", _path(ref)))
        if found.references.full != str(ref):
            raise ForgeFault(f"{ref} is now called otherwise; correct the project's path")
        return found

    def _change(self, ref: ChangeRef, found: MergeRequest) -> Change:
        state = _STATES.get(found.state)
        if state is None:
            raise ForgeFault(f"{ref} is {found.state}; wait for GitLab to finish")
        newest = taken_in(self._versions(ref)[0])
        if newest is None or newest.head != found.sha:
            raise ForgeFault(f"{ref}: the push is not fully taken in yet")
        return Change(
            ref=ref,
            title=found.title,
            description=found.description or "",
            author=self._people.person(found.author),
            source_branch=found.source_branch,
            target_branch=found.target_branch,
            head=newest.head,
            head_seen=newest.created,
            state=state,
            draft=found.draft,
            from_fork=found.source_project_id != found.target_project_id,
            labels=frozenset(found.labels),
            url=found.web_url,
            ended={ChangeState.MERGED: found.merged_at, ChangeState.CLOSED: found.closed_at}.get(state),
        )

    def _our_notes(self, ref: ChangeRef) -> list[Note]:
        me, asked = self.whoami(), {"order_by": "created_at", "sort": "asc"}
        found = [read(Note, item) for item in self._client.all("list comments", f"{_path(ref)}/notes", asked)]
        return [note for note in found if note.author.id == me.id and not note.system]

    def _versions(self, ref: ChangeRef) -> tuple[tuple[Version, ...], tuple[Answer, ...]]:
        """Read all versions of a change, in order, and the evidence."""
        listed, pages = self._client.hear_all("list versions", f"{_path(ref)}/versions")
        try:
            return ordered([read(Diff, item).version() for item in listed]), pages
        except ValueError as error:
            raise ForgeFault(f"{ref}: {error}") from None

    def _open(self, project: str, query: Query | None = None) -> list[Listed]:
        asked = {"state": "opened", "order_by": "created_at", "sort": "asc", **(query or {})}
        found = self._client.all("list changes", f"/projects/{encoded(project)}/merge_requests", asked)
        return [read(Listed, item) for item in found]

    def _known(self, new: NewChange) -> Listed | None:
        """Find the open change of the same branches; somebody else's is not taken for ours."""
        query = {"source_branch": new.source_branch, "target_branch": new.target_branch}
        for found in self._open(new.project, query):
            if (found.source_branch, found.target_branch) == (new.source_branch, new.target_branch):
                if found.author.id != self.whoami().id:
                    raise ForgeFault(f"{new.project}!{found.iid} is open for {new.source_branch!r} and is not ours")
                return found
        return None

    def _status_stands(self, project: str, commit: Sha, state: StatusState) -> bool:
        """Say whether our status is this one already, or one that GitLab cannot leave for it."""
        path = f"/projects/{encoded(project)}/repository/commits/{commit}/statuses"
        found = [read(Status, item) for item in self._client.all("list commit statuses", path, {"name": STATUS})]
        ours = {status.status for status in found if status.name == STATUS}
        return state.value in ours or (state is StatusState.PENDING and StatusState.RUNNING.value in ours)


def _path(ref: ChangeRef) -> str:
    return f"/projects/{encoded(ref.project)}/merge_requests/{ref.iid}"


def _head_at(versions: tuple[Version, ...], at: datetime | None) -> Sha | None:
    return None if at is None else head_at(versions, at)
