"""What is in a queue is a stranger's bytes: one well-formed request comes out of them, or a refusal that names no value."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from countersign.domain.envelope import LONGEST_WAIT, MAX_ENVELOPE, MAX_TRIES, Envelope
from countersign.domain.ids import MalformedError
from countersign.domain.messages import RunRequest

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
TASKS = ("runners.run",)

times = st.none() | st.datetimes(datetime(2000, 1, 1), datetime(2026, 11, 25), timezones=st.just(UTC))  # noqa: DTZ001
envelopes = st.builds(
    Envelope,
    st.just("runners.run"),
    st.builds(RunRequest, project=st.from_regex(r"[a-z]{1,9}/[a-z]{1,9}", fullmatch=True), iid=st.integers(1, 2**31 - 1)),
    st.integers(0, MAX_TRIES),
    times,
    times,
)


@given(envelopes)
def test_what_is_written_reads_as_what_it_was(envelope: Envelope) -> None:
    written = envelope.write(name="a-name", queue="runs.production")
    assert len(written) < MAX_ENVELOPE
    assert Envelope.read(written, tasks=TASKS, now=NOW) == envelope


@given(st.binary(max_size=400))
def test_no_bytes_raise_anything_else(raw: bytes) -> None:
    with pytest.raises(MalformedError):
        Envelope.read(raw, tasks=TASKS, now=NOW)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(envelopes, st.sampled_from(["body", "content-type", "content-encoding", "headers", "properties"]), json_values)
def test_no_part_put_in_the_place_of_another_raises_anything_else(envelope: Envelope, field: str, value: object) -> None:
    message = json.loads(envelope.write(name="a", queue="b")) | {field: value}
    with pytest.raises(MalformedError) as refused:
        Envelope.read(json.dumps(message).encode(), tasks=TASKS, now=NOW)
    assert len(str(refused.value)) < 500


@given(envelopes, st.sampled_from(["task", "retries", "eta", "expires"]), json_values)
def test_a_header_is_of_its_form_or_refused(envelope: Envelope, header: str, value: object) -> None:
    message = json.loads(envelope.write(name="a", queue="b"))
    message["headers"][header] = value
    try:
        read = Envelope.read(json.dumps(message).encode(), tasks=TASKS, now=NOW)
    except MalformedError:
        return
    assert read.task in TASKS
    assert 0 <= read.tries <= MAX_TRIES
    assert read.request == envelope.request


@pytest.mark.parametrize(("ahead", "taken"), [(LONGEST_WAIT, True), (LONGEST_WAIT + timedelta(seconds=1), False)])
def test_a_message_may_wait_but_not_for_ever(ahead: timedelta, *, taken: bool) -> None:
    raw = Envelope("runners.run", RunRequest(project="acme/shop", iid=1), 0, NOW + ahead).write(name="a", queue="b")
    if taken:
        assert Envelope.read(raw, tasks=TASKS, now=NOW).not_before == NOW + ahead
    else:
        with pytest.raises(MalformedError, match="eta"):
            Envelope.read(raw, tasks=TASKS, now=NOW)


def test_one_byte_more_than_is_read_is_refused_without_a_look() -> None:
    raw = Envelope("runners.run", RunRequest(project="acme/shop", iid=1)).write(name="a", queue="b")
    assert Envelope.read(raw.ljust(MAX_ENVELOPE), tasks=TASKS, now=NOW).request.iid == 1
    with pytest.raises(MalformedError, match="16385 bytes"):
        Envelope.read(raw.ljust(MAX_ENVELOPE + 1), tasks=TASKS, now=NOW)


def test_a_task_of_somebody_else_is_none() -> None:
    raw = Envelope("bot.intake", RunRequest(project="acme/shop", iid=1)).write(name="a", queue="b")
    with pytest.raises(MalformedError, match="does not exist"):
        Envelope.read(raw, tasks=TASKS, now=NOW)
