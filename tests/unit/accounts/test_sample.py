"""A sample that anybody can draw again."""

from hashlib import sha256

from hypothesis import given
from hypothesis import strategies as st

from countersign.attestation.accounts.sample import draw
from countersign.domain.ids import Digest, digest_of

POPULATION = [(seq, digest_of(str(seq).encode())) for seq in range(60)]
seeds = st.text(min_size=1, max_size=5)


@given(order=st.permutations(POPULATION), count=st.integers(1, 80), seed=seeds)
def test_the_order_of_the_population_is_irrelevant(order: list[tuple[int, Digest]], count: int, seed: str) -> None:
    drawn = draw(order, count=count, seed=seed)
    assert drawn == draw(POPULATION, count=count, seed=seed) == sorted(set(drawn))
    assert len(drawn) == min(count, len(POPULATION))


@given(count=st.integers(1, 59), seed=seeds)
def test_a_larger_sample_holds_the_smaller_one(count: int, seed: str) -> None:
    assert set(draw(POPULATION, count=count, seed=seed)) < set(draw(POPULATION, count=count + 1, seed=seed))


def test_it_is_the_method_that_is_written_down() -> None:
    smallest = min(POPULATION, key=lambda item: sha256(f"countersign/sample/v1 7 {item[1]}".encode()).hexdigest())
    assert draw(POPULATION, count=1, seed="7") == [smallest[0]]


def test_the_sample_stays_the_same_in_years_to_come() -> None:
    assert draw(POPULATION, count=5, seed="7") == [2, 7, 26, 31, 45]
