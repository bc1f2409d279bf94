"""The first few of many, and how many more there are: what a record and a reader can hold. Decides nothing."""

from collections.abc import Iterable
from itertools import islice
from typing import TypeVar

MOST = 20
"""Reasons of one kind that a decision keeps. A record has 64 KiB."""

_T = TypeVar("_T")


def several(items: Iterable[_T], most: int = MOST) -> tuple[tuple[_T, ...], int]:
    """Give the first items and the number of those left out."""
    rest = iter(items)
    first = tuple(islice(rest, most))
    return first, sum(1 for _ in rest)


def more(left: int) -> str:
    """Say how many were left out; empty where none were."""
    return f", and {left} more" if left else ""
