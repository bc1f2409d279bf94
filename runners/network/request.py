"""Reads the head of one proxy request (RFC 9110, RFC 9112): `CONNECT host:port`, or a request in absolute form.

Strict, since two readings of one head are how requests are smuggled. Pure: does not connect and does not judge the endpoint.
"""

import ipaddress
import re
from dataclasses import dataclass

from countersign.domain.run import Endpoint

_LINE = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]{1,32}) ([\x21-\x7e]{1,16384}) HTTP/1\.[01]")
_FIELD = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([\x20-\x7e\x80-\xff\t]*)")
_AUTHORITY = re.compile(r"(\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9._-]{1,253})(?::([0-9]{1,5}))?")
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
_ABSOLUTE = re.compile(r"(?i:http)://([^/?#]*)([/?][^#]*)?")
_HOP = frozenset({b"connection", b"host", b"keep-alive", b"te", b"upgrade"})
"""Fields between us and the client. Those that start with `proxy-` and those that `Connection` names go too."""
_FRAMING = frozenset({b"content-length", b"transfer-encoding"})
"""They say where the body ends; a client cannot have them dropped by naming them in `Connection`."""
_HTTP = 80
_PORTS = range(1, 2**16)


class MalformedRequestError(ValueError):
    """The head is not of its form. The text is safe to send back."""


@dataclass(frozen=True, slots=True)
class ProxyRequest:
    """What a client asks for. `forward` is the head to send on, in origin form; None for a tunnel."""

    endpoint: Endpoint
    forward: bytes | None


def parse_head(head: bytes) -> ProxyRequest:
    r"""Read a head, up to and with its empty line (`\r\n\r\n`).

    Raises:
        MalformedRequestError: it is not exactly of its form, names no endpoint, or is for a scheme other than http.
    """
    if not head.endswith(b"\r\n\r\n"):
        raise MalformedRequestError("the head does not end with an empty line")
    first, *lines = head[:-4].split(b"\r\n")
    line = _LINE.fullmatch(first)
    if line is None:
        raise MalformedRequestError("the request line is not METHOD TARGET HTTP/1.1")
    method, target = line[1], line[2].decode("ascii")
    fields = [_field(text) for text in lines]
    if method == b"CONNECT":
        return ProxyRequest(_endpoint(target, default=None), None)
    absolute = _ABSOLUTE.fullmatch(target)
    if absolute is None:
        raise MalformedRequestError("the target is neither http://host/… nor a tunnel; use CONNECT for https")
    endpoint = _endpoint(absolute[1], default=_HTTP)
    path = absolute[2] or "/"
    origin = path if path.startswith("/") else f"/{path}"
    return ProxyRequest(endpoint, _forward(method, origin.encode(), absolute[1].lower().encode(), fields))


def _field(line: bytes) -> tuple[bytes, bytes]:
    field = _FIELD.fullmatch(line)
    if field is None:
        raise MalformedRequestError("a header field is not of its form")
    return field[1], field[2].rstrip(b" \t")


def _endpoint(authority: str, *, default: int | None) -> Endpoint:
    """Read `host:port`. No user information, no trailing dot, no port 0: each has been a way around a list."""
    found = _AUTHORITY.fullmatch(authority)
    port = int(found[2] or default or 0) if found else 0
    if found is None or port not in _PORTS:
        raise MalformedRequestError("the target names no host and port")
    host = found[1].lower()
    if host.startswith("["):
        try:
            return Endpoint(str(ipaddress.IPv6Address(host[1:-1])), port)
        except ValueError:
            raise MalformedRequestError("the target's address is not of its form") from None
    if not all(_LABEL.fullmatch(label) for label in host.split(".")):
        raise MalformedRequestError("the target's host name is not of its form")
    return Endpoint(host, port)


def _forward(method: bytes, origin: bytes, authority: bytes, fields: list[tuple[bytes, bytes]]) -> bytes:
    """Write the head anew. The host is the one that was judged, whatever the client's own Host field says (RFC 9112, 3.2.2)."""
    names = [name.lower() for name, _ in fields]
    if names.count(b"content-length") > 1 or names.count(b"transfer-encoding") > 1:
        raise MalformedRequestError("the length of the body is given more than once")
    if b"content-length" in names and b"transfer-encoding" in names:
        raise MalformedRequestError("the length of the body is given in two ways")
    named = {word.strip().lower() for name, value in fields if name.lower() == b"connection" for word in value.split(b",")}
    kept = [
        b"%s: %s\r\n" % (name, value)
        for name, value in fields
        if (key := name.lower()) not in _HOP and not key.startswith(b"proxy-") and key not in named - _FRAMING
    ]
    return b"%s %s HTTP/1.1\r\nHost: %s\r\n%sConnection: close\r\n\r\n" % (method, origin, authority, b"".join(kept))
