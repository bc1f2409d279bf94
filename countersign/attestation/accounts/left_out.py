"""What a record had no room for: the parts of a body that were left out or cut, as it names them (`runners.fitting`)."""

from collections.abc import Mapping

from countersign.attestation.accounts.plain import Plain, number, parts, text


def left_out(body: Plain) -> Mapping[str, int]:
    """Give the parts, with the bytes that they had."""
    found = [(text(item, "part"), number(item, "bytes")) for item in parts(body, "left_out")]
    return {name: size or 0 for name, size in found if name}


def lost(body: Plain, wanted: str) -> str:
    """Say what was left out of a part that somebody looks for, `change.paths`; nothing where all of it is there."""
    found = [(name, size) for name, size in left_out(body).items() if _touches(name, wanted)]
    return "no room for " + ", ".join(f"{name} ({size:,} bytes)" for name, size in found) if found else ""


def _touches(name: str, wanted: str) -> bool:
    """Say whether a part is the other, holds it, or is something of it: `decision.discounted beyond 20`, `grants[] proved dead`."""
    return name == wanted or wanted.startswith(f"{name}.") or name.startswith((f"{wanted}.", f"{wanted} ", f"{wanted}["))
