"""Ed25519 by hand (RFC 8032, section 6): makes signatures that no library makes, and says what a laxer check would say of them."""

import hashlib
from itertools import count

P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
"""Of the group that the base point makes: a signature's number is below it (RFC 8032, section 5.1.7)."""

_D = -121665 * pow(121666, -1, P) % P
_ROOT_OF_MINUS_ONE = pow(2, (P - 1) // 4, P)

Point = tuple[int, int, int, int]
NEUTRAL: Point = (0, 1, 1, 0)


def add(one: Point, other: Point) -> Point:
    """Add two points, whatever they are."""
    a, b = (one[1] - one[0]) * (other[1] - other[0]) % P, (one[1] + one[0]) * (other[1] + other[0]) % P
    c, d = 2 * one[3] * other[3] * _D % P, 2 * one[2] * other[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def times(number: int, point: Point) -> Point:
    """Add a point to itself so many times."""
    total = NEUTRAL
    while number:
        total = add(total, point) if number & 1 else total
        point, number = add(point, point), number >> 1
    return total


def written(point: Point) -> bytes:
    """Write a point as keys and signatures have it."""
    inverse = pow(point[2], -1, P)
    x, y = point[0] * inverse % P, point[1] * inverse % P
    return (y | (x & 1) << 255).to_bytes(32, "little")


def _at(y: int) -> Point | None:
    """Give the point at this height whose x is even, if there is one."""
    square = (y * y - 1) * pow(_D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    x = x if x * x % P == square else x * _ROOT_OF_MINUS_ONE % P
    return None if x * x % P != square else (x if x % 2 == 0 else P - x, y, 1, (x if x % 2 == 0 else P - x) * y % P)


def base() -> Point:
    """Give the base point."""
    point = _at(4 * pow(5, -1, P) % P)
    assert point is not None
    return point


def of_order_eight() -> Point:
    """Give a point that is the neutral one eight times, and not four times: it is in no honest key or signature."""
    found = (times(ORDER, point) for point in map(_at, count(2)) if point is not None)
    return next(point for point in found if written(times(4, point)) != written(NEUTRAL))


def hashed(*parts: bytes) -> int:
    """Give the number that a signature's equation has of R, the key and the message."""
    return int.from_bytes(hashlib.sha512(b"".join(parts)).digest(), "little") % ORDER


def signature(secret: int, nonce: int, message: bytes, *, beside: Point = NEUTRAL) -> bytes:
    """Sign, with a point added to R that an honest signer does not add."""
    key, r = written(times(secret, base())), written(add(times(nonce, base()), beside))
    return r + ((nonce + hashed(r, key, message) * secret) % ORDER).to_bytes(32, "little")
