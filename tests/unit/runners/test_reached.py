"""What a run reached is written together by endpoint and verdict: short whatever it tried, and nothing of it goes unsaid."""

from hypothesis import given
from hypothesis import strategies as st

from countersign.domain.canonical import canonical_json
from countersign.domain.ids import digest_of
from countersign.domain.run import Connection, Endpoint
from runners.reached import MOST, reached

endpoints = st.builds(Endpoint, st.sampled_from([f"h{number}.example" for number in range(99)]), st.sampled_from([80, 443]))
connections = st.lists(
    st.builds(Connection, endpoints, allowed=st.booleans(), sent=st.integers(0, 9), received=st.integers(0, 9)), max_size=400
)


def told(made: list[Connection]) -> tuple[list[dict[str, object]], dict[str, object] | None]:
    document = reached(made)
    listed, left = document["connections"], document["connections_left_out"]
    assert isinstance(listed, list)
    assert left is None or isinstance(left, dict)
    return listed, left


def total(listed: list[dict[str, object]], name: str) -> int:
    return sum(number for one in listed if isinstance(number := one[name], int))


@given(connections)
def test_every_attempt_and_every_byte_is_counted(made: list[Connection]) -> None:
    listed, left = told(made)
    assert len(listed) <= MOST
    whole = [*listed, *([left] if left else [])]
    assert total(whole, "attempts") == len(made)
    assert total(whole, "sent") == sum(one.sent for one in made)
    assert total(whole, "received") == sum(one.received for one in made)
    different = {(one.endpoint, one.allowed) for one in made}
    assert len(listed) + (total([left], "endpoints") if left else 0) == len(different)


def test_many_attempts_at_one_endpoint_are_one_line() -> None:
    bucket = Endpoint("bucket.example", 443)
    listed, left = told([Connection(bucket, True, 1, 2)] * 999 + [Connection(bucket, False)])
    assert listed == [
        {"allowed": True, "attempts": 999, "name": "bucket.example:443", "received": 1998, "sent": 999},
        {"allowed": False, "attempts": 1, "name": "bucket.example:443", "received": 0, "sent": 0},
    ]
    assert left is None


def test_refused_names_push_out_nothing_that_was_let_through_and_the_rest_goes_by_digest() -> None:
    refused = [Connection(Endpoint(f"n{number}.evil.example", 443), False) for number in range(MOST + 9)]
    listed, left = told([*refused, Connection(Endpoint("db.example", 5432), True, 7, 8)])
    assert [one["name"] for one in listed] == ["db.example:5432", *(str(one.endpoint) for one in refused[: MOST - 1])]
    rest = [{"allowed": False, "attempts": 1, "name": str(one.endpoint), "received": 0, "sent": 0} for one in refused[MOST - 1 :]]
    digest = digest_of(canonical_json(rest))
    assert left == {"attempts": 10, "digest": digest, "endpoints": 10, "received": 0, "sent": 0}
