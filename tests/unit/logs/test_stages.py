"""Kubernetes: a request counts once, at the furthest stage that the log has of it, and nobody hides behind another's."""

import json
from datetime import timedelta
from pathlib import Path

import pytest

from countersign.adapters.logs import kubernetes
from countersign.attestation.accounts.reconcile import Reconciled, Use, reconcile

STAGES = ("RequestReceived", "ResponseStarted", "ResponseComplete", "Panic")


def line(stage: str, user: str = "alice", code: int | None = None, **more: object) -> dict[str, object]:
    return {
        "kind": "Event",
        "apiVersion": "audit.k8s.io/v1",
        "auditID": "8c604d8d",
        "stage": stage,
        "requestURI": "/api/v1/namespaces/shop/pods/web/exec?command=sh",
        "verb": "create",
        "user": {"username": user},
        "objectRef": {"resource": "pods", "namespace": "shop", "name": "web", "subresource": "exec"},
        "requestReceivedTimestamp": "2026-11-24T03:20:40.882546Z",
        **({} if code is None else {"responseStatus": {"code": code}}),
    } | more


def held(tmp_path: Path, *files: list[dict[str, object]]) -> Reconciled:
    uses: list[Use] = []
    for number, lines in enumerate(files):
        file = tmp_path / f"audit-{number}.log"
        file.write_text("".join(json.dumps(one) + "\n" for one in lines))
        uses += kubernetes.read(file)
    return reconcile(uses, [], providers=kubernetes.PROVIDERS, skew=timedelta(minutes=2))


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_alone_is_a_use(tmp_path: Path, stage: str) -> None:
    (finding,) = held(tmp_path, [line(stage)]).findings
    assert (finding.session.principal, finding.session.uses, finding.session.whats) == ("alice", 1, ("create shop/pods/web/exec",))


def test_all_stages_of_a_request_are_one_use_in_any_order_and_over_files(tmp_path: Path) -> None:
    first, second, third = line(STAGES[0]), line(STAGES[1], code=101), line(STAGES[2], code=101)
    for files in ([[first, second, third]], [[third, first], [second]], [[second], [third, first]]):
        (finding,) = held(tmp_path, *files).findings
        assert finding.session.uses == 1


def test_a_request_that_was_turned_away_in_the_end_is_none(tmp_path: Path) -> None:
    found = held(tmp_path, [line(STAGES[0]), line(STAGES[2], code=403)])
    assert (found.findings, found.turned_away) == ((), 1)


@pytest.mark.parametrize("status", [{"code": [403]}, {"code": {"code": 403}}, {"code": "403"}, {"code": True}, [403], "x"])
def test_what_is_no_code_turns_nobody_away(tmp_path: Path, status: object) -> None:
    found = held(tmp_path, [line(STAGES[2], responseStatus=status)])
    assert (len(found.findings), found.turned_away) == (1, 0)


@pytest.mark.parametrize(
    "other",
    [
        {"user": "mallory"},
        {"requestReceivedTimestamp": "2026-11-24T03:20:41.882546Z"},
        {"verb": "delete"},
        {"requestURI": "/api/v1/namespaces/shop/secrets"},
    ],
)
def test_an_id_that_a_client_chose_hides_no_request(tmp_path: Path, other: dict[str, str]) -> None:
    """A client may send `Audit-ID`: the id of its own refused request, or of somebody else's."""
    found = held(tmp_path, [line(STAGES[1], code=101, **other), line(STAGES[2], code=403)])
    assert (sum(item.session.uses for item in found.findings), found.turned_away) == (1, 1)


def test_whom_somebody_acts_as_is_told(tmp_path: Path) -> None:
    (finding,) = held(tmp_path, [line(STAGES[2], code=200, impersonatedUser={"username": "deployer"})]).findings
    assert (finding.session.principal, finding.session.whats) == ("alice", ("create shop/pods/web/exec as deployer",))
