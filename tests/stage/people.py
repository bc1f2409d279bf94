"""Drives the forge as the people and machines of the shop do: over HTTP, each with a token of their own."""

import time
from collections.abc import Callable
from dataclasses import dataclass

import gitlab
import httpx
from gitlab.v4.objects import ProjectMergeRequest

from tests.stage.shop import AGENT, PROJECT, SPONSOR, Ask


class TooLateError(Exception):
    """What was waited for did not happen, or can no longer; the text says what there was instead."""


@dataclass(frozen=True, slots=True)
class Cast:
    """Everybody at the shop, by the address of the forge and their tokens."""

    forge: str
    bot: str
    tokens: dict[str, str]
    agent_token: str

    def client(self, username: str) -> gitlab.Gitlab:
        """Give python-gitlab's client with somebody's token."""
        return gitlab.Gitlab(self.forge, private_token=self.tokens[username], timeout=20)

    def change(self, username: str, iid: int) -> ProjectMergeRequest:
        """Look at a merge request as somebody."""
        return self.client(username).projects.get(PROJECT, lazy=True).mergerequests.get(iid)

    def main(self) -> str:
        """Give the commit at the tip of main."""
        return str(self.client("lea").projects.get(PROJECT).branches.get("main").commit["id"])

    def propose(self, ask: Ask) -> int:
        """Hand in a diff as the agent does; give the merge request's number."""
        body = {
            "project": PROJECT,
            "base": self.main(),
            "diff": ask.diff,
            "title": ask.title,
            "rationale": ask.rationale,
            "sponsor": SPONSOR,
            **ask.claims,
        }
        answer = httpx.post(
            f"{self.bot}/v1/proposals", json=body, headers={"Authorization": f"Bearer {self.agent_token}"}, timeout=30
        )
        if answer.status_code not in {200, 201}:
            raise TooLateError(f"{AGENT}'s proposal got {answer.status_code}: {answer.text}")
        return int(answer.json()["iid"])

    def approve(self, username: str, iid: int) -> None:
        """Approve, naming the head that was looked at."""
        seen = self.change(username, iid)
        seen.approve(sha=seen.sha)

    def approvers(self, iid: int) -> set[str]:
        """Give whose approvals stand on the forge now."""
        given = self.change("lea", iid).approvals.get().approved_by
        return {str(entry["user"]["username"]) for entry in given}

    def status(self, iid: int) -> tuple[str, str]:
        """Give state and description of the commit status `countersign` at the head; two empty words where there is none."""
        project = self.client("lea").projects.get(PROJECT, lazy=True)
        head = self.change("lea", iid).sha
        statuses = [item for item in project.commits.get(head, lazy=True).statuses.list(get_all=True) if item.name == "countersign"]
        return (str(statuses[0].status), str(statuses[0].description)) if statuses else ("", "")

    def asked(self, iid: int) -> bool:
        """Say whether the question is on the record, so that approvals count."""
        return self.status(iid)[1].startswith("on the record")

    def state(self, iid: int) -> str:
        """Give the merge request's state."""
        return str(self.change("lea", iid).state)


def wait_until(what: str, happened: Callable[[], bool], *, seconds: float = 180, shows: Callable[[], object] = lambda: "") -> None:
    """Wait for something that happens elsewhere.

    Raises:
        TooLateError: it did not happen in time.
    """
    deadline = time.monotonic() + seconds
    while not happened():
        if time.monotonic() > deadline:
            raise TooLateError(f"{what} did not happen within {seconds:.0f} s; there was: {shows()}")
        time.sleep(0.1)


def wait_for_merge(cast: Cast, iid: int, *, seconds: float = 180) -> None:
    """Wait until a change is applied and merged.

    Raises:
        TooLateError: it was not merged in time, or it has ended otherwise.
    """

    def merged() -> bool:
        if cast.state(iid) == "merged":
            return True
        state, told = cast.status(iid)
        if state == "failed":
            raise TooLateError(f"!{iid} was not merged: {told}")
        return False

    wait_until(f"the merge of !{iid}", merged, seconds=seconds, shows=lambda: cast.status(iid))
