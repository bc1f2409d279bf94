"""Parsing a delivery is verifying it: whatever the bytes are, the answer is an event, nothing of interest, or 400 or 401."""

import gzip
import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.webhooks.events import Event, HookSecret, Ignored, Kind, Rejected
from bot.webhooks.gitlab import parse
from tests.builders import NOON
from tests.support.hooks import OTHER, PROJECT, SECRET, Delivery, merge_request, push

RECORDED = Path(__file__).parents[4] / "shared" / "contracts" / "webhooks" / "gitlab"
OPENED = Delivery.of(merge_request())


def taken(delivery: Delivery) -> Event | Ignored | Rejected:
    return parse(delivery.raw(), delivery.body, secrets=[SECRET, OTHER], now=NOON)


def test_a_genuine_delivery_is_a_hint_where_to_look() -> None:
    assert taken(OPENED) == Event(PROJECT, 7, Kind.CHANGE, "delivery-1")


def test_a_push_names_its_branch() -> None:
    assert taken(Delivery.of(push(), event="Push Hook")) == Event(PROJECT, None, Kind.BRANCH, "delivery-1", branch="main")


def test_each_project_speaks_for_itself() -> None:
    bakery = Delivery.of(merge_request(project="acme/bakery"), secret=OTHER)
    assert taken(bakery) == Event("acme/bakery", 7, Kind.CHANGE, "delivery-1")


@pytest.mark.parametrize("kind", ["note", "pipeline", "issue", "build", "release"])
def test_what_says_nothing_about_a_change_is_ignored(kind: str) -> None:
    hook = {
        "note": "Note Hook",
        "pipeline": "Pipeline Hook",
        "issue": "Issue Hook",
        "build": "Job Hook",
        "release": "Release Hook",
    }[kind]
    payload = {"object_kind": kind, "merge_request": {"iid": 7}, "project": {"path_with_namespace": PROJECT}}
    assert isinstance(taken(Delivery.of(payload, event=hook)), Ignored)


def test_a_hook_that_is_not_known_yet_is_ignored_rather_than_failed() -> None:
    assert isinstance(taken(Delivery.of({"object_kind": "vulnerability"}, event="Vulnerability Hook")), Ignored)


def test_only_labels_changed_is_no_news() -> None:
    labels = merge_request(action="update", changes={"labels": {"current": []}, "updated_at": {}})
    more = merge_request(action="update", changes={"labels": {"current": []}, "title": {}})
    assert isinstance(taken(Delivery.of(labels)), Ignored)
    assert isinstance(taken(Delivery.of(more)), Event)


@pytest.mark.parametrize("seconds", [-300, -1, 0, 1, 300])
def test_clocks_may_differ_by_five_minutes(seconds: int) -> None:
    assert isinstance(taken(OPENED.again(at=NOON + timedelta(seconds=seconds))), Event)


def test_one_of_several_signatures_is_enough() -> None:
    good = OPENED.headers["webhook-signature"]
    headers = OPENED.raw(webhook_signature=f"v1,AAAA v1a,{good[3:]} {good}")
    assert isinstance(parse(headers, OPENED.body, secrets=[SECRET], now=NOON), Event)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b"7",
        b"{",
        b"\xff\xfe",
        b'{"object_kind": "merge_request", "object_kind": "push"}',
        b'{"object_kind": NaN}',
        b'{"object_kind": "\\ud800"}',
        b'{"object_kind": ' + b"9" * 5000 + b"}",
        b'{"a": ' + b"[" * 100 + b"]" * 100 + b"}",
        gzip.compress(b"{}"),
    ],
    ids=["empty", "null", "list", "number", "cut", "bytes", "twice", "nan", "surrogate", "long-number", "deep", "gzip"],
)
def test_a_signed_body_that_is_no_payload_is_rejected(body: bytes) -> None:
    answer = taken(OPENED.again(body=body))
    assert isinstance(answer, Rejected)
    assert answer.status == 400


@pytest.mark.parametrize("iid", [None, "7", 7.0, True, 0, -1, 2**31, [], {}])
def test_a_number_that_is_none_is_rejected(iid: object) -> None:
    answer = taken(Delivery.of(merge_request(iid=iid)))
    assert answer == Rejected(400, "not of GitLab's form: object_attributes.iid")


@pytest.mark.parametrize("project", [None, 7, [], {}, {"path_with_namespace": None}, {"path_with_namespace": ["acme/shop"]}])
def test_a_project_that_is_none_is_rejected(project: object) -> None:
    answer = taken(Delivery.of(merge_request() | {"project": project}))
    assert isinstance(answer, Rejected)
    assert answer.status == 400


@given(
    headers=st.lists(
        st.tuples(
            st.sampled_from(
                [b"x-gitlab-token", b"X-Gitlab-Event", b"webhook-id", b"webhook-timestamp", b"webhook-signature", b"other"]
            ),
            st.binary(max_size=40) | st.sampled_from([SECRET.token.encode(), b"1795521600", b"Merge Request Hook", b"v1,"]),
        ),
        max_size=8,
    ),
    body=st.binary(max_size=200),
)
def test_no_headers_and_no_bytes_raise(headers: list[tuple[bytes, bytes]], body: bytes) -> None:
    answer = parse(headers, body, secrets=[SECRET], now=NOON)
    assert isinstance(answer, Rejected)
    assert answer.status == 401


@given(
    payload=st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=10) | st.sampled_from(["merge_request", "push", PROJECT]),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["object_kind", "project", "path_with_namespace", "object_attributes", "iid", "changes", "ref"]),
                inner,
            )
        ),
        max_leaves=12,
    ),
    event=st.sampled_from(["Merge Request Hook", "Push Hook", "Note Hook", "System Hook", "?"]),
)
def test_no_signed_payload_raises(payload: object, event: str) -> None:
    answer = taken(OPENED.again(body=json.dumps(payload).encode(), event=event))
    assert not isinstance(answer, Rejected) or answer.status in {400, 401}
    assert not isinstance(answer, Event) or answer.project == PROJECT


@pytest.mark.parametrize(
    "make",
    [
        lambda: HookSecret(PROJECT, "", SECRET.key),
        lambda: HookSecret(PROJECT, "short", SECRET.key),
        lambda: HookSecret(PROJECT, "with blanks in the middle", SECRET.key),
        lambda: HookSecret(PROJECT, SECRET.token, b""),
        lambda: HookSecret(PROJECT, SECRET.token, b"x" * 16),
        lambda: HookSecret("no project", SECRET.token, SECRET.key),
    ],
)
def test_a_secret_that_would_let_anybody_in_does_not_exist(make: Callable[[], HookSecret]) -> None:
    with pytest.raises(ValueError, match="must"):
        make()


def test_a_secret_does_not_show_itself() -> None:
    assert SECRET.token not in repr(SECRET)
    assert repr(SECRET.key) not in repr(SECRET)


@pytest.mark.parametrize("name", ["mr_event.json", "mr_closed.json", "push_branch.json", "issue_comment.json", "mr_pipeline.json"])
def test_recorded_payloads_are_read(name: str) -> None:
    path = RECORDED / name
    if not path.is_file():
        pytest.skip("the vendors' recorded payloads are not here")
    payload = json.loads(path.read_bytes())
    project = payload["project"]["path_with_namespace"]
    hooks = {"merge_request": "Merge Request Hook", "push": "Push Hook", "note": "Note Hook", "pipeline": "Pipeline Hook"}
    secret = HookSecret(project, SECRET.token, SECRET.key)
    delivery = Delivery(path.read_bytes(), event=hooks[payload["object_kind"]], secret=secret)
    answer = parse(delivery.raw(), delivery.body, secrets=[secret], now=NOON)
    assert isinstance(answer, Event if payload["object_kind"] in {"merge_request", "push"} else Ignored)
