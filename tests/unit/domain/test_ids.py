"""Names are checked where they enter."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from countersign.domain.ids import ChangeRef, MalformedError, Sha, digest, digest_of, run_id, sha

HEADS = st.text("0123456789abcdef", min_size=40, max_size=40).map(Sha)


@pytest.mark.parametrize(
    "project", ["shop", "/shop", "acme/", "acme//shop", "acme/../shop", "acme/sh op", "-a/b", "a/b\n", "a" * 200 + "/" + "b" * 200]
)
def test_a_project_is_a_path(project: str) -> None:
    with pytest.raises(MalformedError):
        ChangeRef(project, 1)


@pytest.mark.parametrize("iid", [0, -1, 2**31, True])
def test_a_change_has_a_positive_number(iid: int) -> None:
    with pytest.raises(MalformedError):
        ChangeRef("acme/shop", iid)


@pytest.mark.parametrize("text", ["", "abc", "g" * 40, "A" * 40, "0" * 41, "0" * 40 + "\n"])
def test_a_commit_is_named_whole(text: str) -> None:
    with pytest.raises(MalformedError):
        sha(text)


def test_digests() -> None:
    assert digest(digest_of(b"")) == "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    with pytest.raises(MalformedError):
        digest("sha256:" + "e" * 63)


@given(st.integers(1, 2**31 - 1), HEADS, st.integers(1, 2**31 - 1), HEADS)
def test_a_run_is_named_by_change_and_head_alone(iid: int, head: Sha, other_iid: int, other_head: Sha) -> None:
    one = run_id(ChangeRef("acme/shop", iid), head)
    assert one == run_id(ChangeRef("acme/shop", iid), head)
    assert len(one) == len("run-") + 20
    same = (iid, head) == (other_iid, other_head)
    assert (one == run_id(ChangeRef("acme/shop", other_iid), other_head)) is same
