"""Merkle trees against the vectors of the certificate-transparency reference implementation, and against their laws."""

from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from countersign.attestation import merkle
from countersign.attestation.merkle import Frontier, leaf_hash, node_hash, tree_root, verify_consistency, verify_inclusion
from countersign.domain.ids import MalformedError

LEAVES = [
    leaf_hash(bytes.fromhex(data))
    for data in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
ROOTS = [
    bytes.fromhex(root)
    for root in (
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    )
]
A = "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7"
B = "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e"
C = "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"
D = "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b"
E = "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0"
F = "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"
G = "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"
H = "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
INDEX = "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a"

SIZES = st.integers(1, 70)


def leaves(count: int) -> list[bytes]:
    return [leaf_hash(b"record %d" % number) for number in range(count)]


def hashes(*texts: str) -> tuple[bytes, ...]:
    return tuple(map(bytes.fromhex, texts))


@pytest.mark.parametrize("size", range(9))
def test_roots_are_those_of_the_reference(size: int) -> None:
    assert tree_root(LEAVES[:size]) == ROOTS[size]


def test_a_frontier_grows_to_the_roots_of_the_reference() -> None:
    frontier = Frontier()
    assert frontier.root == ROOTS[0]
    for leaf, root in zip(LEAVES, ROOTS[1:], strict=True):
        frontier = frontier.add(leaf)
        assert frontier.root == root


@pytest.mark.parametrize(
    ("index", "size", "proof"),
    [(0, 1, ()), (0, 8, (A, B, C)), (5, 8, (D, E, F)), (2, 3, (G,)), (1, 5, (H, B, D))],
)
def test_inclusion_proofs_are_those_of_the_reference(index: int, size: int, proof: Sequence[str]) -> None:
    made = merkle.inclusion_proof(LEAVES, index, size)
    assert made == hashes(*proof)
    verify_inclusion(LEAVES[index], index, size, made, ROOTS[size])


@pytest.mark.parametrize(
    ("old", "size", "proof"),
    [(1, 1, ()), (1, 8, (A, B, C)), (6, 8, (INDEX, E, F)), (2, 5, (B, D))],
)
def test_consistency_proofs_are_those_of_the_reference(old: int, size: int, proof: Sequence[str]) -> None:
    made = merkle.consistency_proof(LEAVES, old, size)
    assert made == hashes(*proof)
    verify_consistency(old, ROOTS[old], size, ROOTS[size], made)


@given(SIZES)
def test_root_and_frontier_agree(size: int) -> None:
    frontier = Frontier()
    for leaf in leaves(size):
        frontier = frontier.add(leaf)
    assert frontier.root == tree_root(leaves(size))
    assert Frontier(frontier.size, frontier.hashes) == frontier


@given(st.data(), SIZES)
def test_an_inclusion_proof_holds_for_its_leaf_place_size_and_root_only(data: st.DataObject, size: int) -> None:
    index = data.draw(st.integers(0, size - 1))
    all_leaves = leaves(size)
    proof, root = merkle.inclusion_proof(all_leaves, index), tree_root(all_leaves)
    verify_inclusion(all_leaves[index], index, size, proof, root)
    wrong = data.draw(st.integers(0, size - 1).filter(lambda other: other != index)) if size > 1 else 1
    attempts: list[tuple[bytes, int, int, tuple[bytes, ...], bytes]] = [
        (leaf_hash(b"another"), index, size, proof, root),
        (all_leaves[index], wrong, size, proof, root),
        (all_leaves[index], index, size, proof, leaf_hash(b"another")),
        (all_leaves[index], index, size, (*proof, root), root),
        (all_leaves[index], index, 0, proof, root),
        *((all_leaves[index], index, size, (*proof[:at], bytes(32), *proof[at + 1 :]), root) for at in range(len(proof))),
    ]
    if proof:
        attempts.append((all_leaves[index], index, size, proof[:-1], root))
    for attempt in attempts:
        with pytest.raises(MalformedError):
            verify_inclusion(*attempt)


@given(st.data(), SIZES)
def test_a_consistency_proof_holds_for_its_two_trees_only(data: st.DataObject, size: int) -> None:
    old = data.draw(st.integers(1, size))
    all_leaves = leaves(size)
    before, after = tree_root(all_leaves[:old]), tree_root(all_leaves)
    proof = merkle.consistency_proof(all_leaves, old)
    verify_consistency(old, before, size, after, proof)
    attempts: list[tuple[int, bytes, int, bytes, tuple[bytes, ...]]] = [
        (old, leaf_hash(b"another"), size, after, proof),
        (old, before, size, leaf_hash(b"another"), proof),
        (old, before, size, after, (*proof, before)),
        (0, before, size, after, proof),
        (size + 1, before, size, after, proof),
        *((old, before, size, after, (*proof[:at], bytes(32), *proof[at + 1 :])) for at in range(len(proof))),
    ]
    if proof:
        attempts.append((old, before, size, after, proof[:-1]))
    for attempt in attempts:
        with pytest.raises(MalformedError):
            verify_consistency(*attempt)


@given(st.data(), st.integers(2, 40))
@settings(max_examples=50)
def test_a_tree_whose_past_was_changed_is_never_consistent(data: st.DataObject, size: int) -> None:
    old = data.draw(st.integers(1, size - 1))
    changed = leaves(size)
    before = tree_root(changed[:old])
    changed[data.draw(st.integers(0, old - 1))] = leaf_hash(b"another")
    with pytest.raises(MalformedError):
        verify_consistency(old, before, size, tree_root(changed), merkle.consistency_proof(changed, old))


def test_a_node_is_not_taken_for_a_leaf() -> None:
    left, right = LEAVES[:2]
    assert leaf_hash(left + right) != node_hash(left, right)


def test_no_two_sizes_share_a_root() -> None:
    same = [leaf_hash(b"the same")] * 20
    roots = [tree_root(same[:size]) for size in range(21)]
    assert len(set(roots)) == len(roots)
    assert all(one != other for one, other in pairwise(roots))


@pytest.mark.parametrize(("size", "found"), [(1, ()), (0, (bytes(32),)), (3, (bytes(32),)), (1, (b"short",)), (-1, (bytes(32),))])
def test_a_frontier_that_does_not_fit_is_refused(size: int, found: tuple[bytes, ...]) -> None:
    with pytest.raises(MalformedError, match="does not fit"):
        Frontier(size, found)


@pytest.mark.parametrize(("index", "size"), [(-1, 3), (3, 3), (0, 9), (0, 0)])
def test_no_proof_is_made_of_what_is_not_there(index: int, size: int) -> None:
    with pytest.raises(MalformedError):
        merkle.inclusion_proof(LEAVES, index, size)
    with pytest.raises(MalformedError):
        merkle.consistency_proof(LEAVES, size + 1, size)
