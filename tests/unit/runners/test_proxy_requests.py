import pytest
from hypothesis import given
from hypothesis import strategies as st

from countersign.domain.run import Endpoint
from runners.network.request import MalformedRequestError, parse_head


def head(*lines: str) -> bytes:
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


def test_a_tunnel_is_named_by_host_and_port() -> None:
    request = parse_head(head("CONNECT DB.Shop.Example:5432 HTTP/1.1", "Host: elsewhere.example"))
    assert request.endpoint == Endpoint("db.shop.example", 5432)
    assert request.forward is None


def test_an_absolute_request_is_sent_on_in_origin_form() -> None:
    request = parse_head(
        head(
            "PUT http://S3.Shop.Example:9000/bucket/key?x=1 HTTP/1.1",
            "Host: other-tenant.example",
            "Proxy-Authorization: Basic c2VjcmV0",
            "Proxy-Connection: keep-alive",
            "Connection: X-Hop, Content-Length",
            "X-Hop: 1",
            "Content-Length: 5",
            "Authorization: kept",
        )
    )
    assert request.endpoint == Endpoint("s3.shop.example", 9000)
    assert request.forward == head(
        "PUT /bucket/key?x=1 HTTP/1.1",
        "Host: s3.shop.example:9000",
        "Content-Length: 5",
        "Authorization: kept",
        "Connection: close",
    )


@pytest.mark.parametrize(
    ("target", "first"),
    [("http://a.example", "GET / HTTP/1.1"), ("http://a.example?q", "GET /?q HTTP/1.1"), ("HTTP://a.example/p", "GET /p HTTP/1.1")],
)
def test_port_80_and_the_root_are_what_is_left_out(target: str, first: str) -> None:
    request = parse_head(head(f"GET {target} HTTP/1.1"))
    assert request.endpoint == Endpoint("a.example", 80)
    assert request.forward is not None
    assert request.forward.startswith(first.encode() + b"\r\n")


def test_an_address_of_version_6_is_written_in_one_way() -> None:
    assert parse_head(head("CONNECT [2001:DB8:0:0::1]:443 HTTP/1.1")).endpoint == Endpoint("2001:db8::1", 443)


@pytest.mark.parametrize(
    "first",
    [
        "CONNECT good.example HTTP/1.1",
        "CONNECT good.example: HTTP/1.1",
        "CONNECT good.example:0 HTTP/1.1",
        "CONNECT good.example:65536 HTTP/1.1",
        "CONNECT good.example:+443 HTTP/1.1",
        "CONNECT good.example.:443 HTTP/1.1",
        "CONNECT .good.example:443 HTTP/1.1",
        "CONNECT user@good.example:443 HTTP/1.1",
        "CONNECT good.example:443@evil.example:443 HTTP/1.1",
        "CONNECT good.example:443/x HTTP/1.1",
        "CONNECT good_-.example:443 HTTP/1.1",
        "CONNECT [::1:443 HTTP/1.1",
        "CONNECT [zz::1]:443 HTTP/1.1",
        "CONNECT good.example:443",
        "CONNECT  good.example:443 HTTP/1.1",
        "CONNECT good.example:443 HTTP/2",
        "CONNECT g\u00f6od.example:443 HTTP/1.1",
        "GET http://user:pw@good.example/ HTTP/1.1",
        "GET http://good.example#@evil.example/ HTTP/1.1",
        "GET http://good.example\\@evil.example/ HTTP/1.1",
        "GET https://good.example/ HTTP/1.1",
        "GET ftp://good.example/ HTTP/1.1",
        "GET / HTTP/1.1",
        "GET http:///x HTTP/1.1",
        "GET http://good.example/#fragment HTTP/1.1",
        "",
    ],
)
def test_targets_that_can_be_read_in_two_ways_are_refused(first: str) -> None:
    with pytest.raises(MalformedRequestError):
        parse_head(head(first, "Host: good.example"))


@pytest.mark.parametrize(
    "lines",
    [
        ["Content-Length: 5", "Content-Length: 6"],
        ["Content-Length: 5", "Transfer-Encoding: chunked"],
        ["Transfer-Encoding: chunked", "Transfer-Encoding: identity"],
        ["Name : value"],
        [" folded: value"],
        ["Name: value\nHost: evil.example"],
        ["Name: value\rHost: evil.example"],
        ["no colon"],
        ["Name: nul\x00"],
    ],
)
def test_headers_that_can_be_read_in_two_ways_are_refused(lines: list[str]) -> None:
    with pytest.raises(MalformedRequestError):
        parse_head(head("POST http://good.example/ HTTP/1.1", *lines))


def test_a_head_without_its_end_is_refused() -> None:
    with pytest.raises(MalformedRequestError):
        parse_head(b"CONNECT good.example:443 HTTP/1.1\r\n")


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused_and_nothing_else(text: bytes) -> None:
    for candidate in (
        text,
        text + b"\r\n\r\n",
        b"CONNECT " + text + b" HTTP/1.1\r\n\r\n",
        b"GET http://" + text + b"/ HTTP/1.1\r\n\r\n",
    ):
        try:
            request = parse_head(candidate)
        except MalformedRequestError:
            continue
        assert request.endpoint.host == request.endpoint.host.lower()
        assert 1 <= request.endpoint.port < 2**16
        assert request.forward is None or request.forward.count(b"\r\n\r\n") == 1
