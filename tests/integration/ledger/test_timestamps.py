"""Timestamps (RFC 3161) in the log: made by a real authority, checked with its certificate, and what they find."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from countersign.adapters.stamping import StampFault, ask, stamped
from countersign.attestation.record import Draft, Entry
from countersign.attestation.stamp import MAX_TOKEN, Stamp, head_after
from countersign.cli.main import main
from countersign.domain.outcomes import Fault
from runners import clock
from tests.support.audit import Remote, TickingClock, refused, signer, trust_line
from tests.support.auditor import Auditor
from tests.support.authority import Authority, authority

Verify = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def tsa(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Authority]:
    with authority(tmp_path_factory.mktemp("authority") / "tsa") as one:
        yield one


@pytest.fixture
def remote(tmp_path: Path) -> Remote:
    remote = Remote.make(tmp_path)
    remote.clock = TickingClock(clock.now())
    return remote


def stamp_of(newest: Entry, tsa: Authority, *, later: timedelta = timedelta()) -> Draft:
    head = head_after(newest)
    token, time = ask(head.text.encode(), url=tsa.url, ca=tsa.ca)
    return Stamp(head, token).draft(authority=tsa.url, stamped=time, now=time + later)


@pytest.fixture
def verify(remote: Remote, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Verify:
    """Give what verifies a clone of the branch (the fixture's, if no other is given): status, output and errors."""

    def verified(*more: str, other: Remote | None = None) -> tuple[int, str, str]:
        home = tmp_path / f"auditor-{len(list(tmp_path.iterdir()))}"
        home.mkdir()
        auditor = Auditor.of((other or remote).path, home, trust_line(signer()))
        status = main(["audit", "verify", "--repo", str(auditor.clone), "--trust-root", str(auditor.trust_file), *more])
        said = capsys.readouterr()
        return status, said.out, said.err

    return verified


def der(tag: int, content: bytes) -> bytes:
    size = len(content)
    length = bytes([size]) if size < 128 else bytes([0x82]) + size.to_bytes(2)
    return bytes([tag]) + length + content


class TestAuthority:
    def test_it_stamps_and_its_certificate_vouches_for_it(self, tsa: Authority) -> None:
        token, time = ask(b"text", url=tsa.url, ca=tsa.ca)
        assert abs(clock.now() - time) < timedelta(minutes=5)
        assert stamped(b"text", token, ca=tsa.ca) == time
        assert len(token) < MAX_TOKEN

    def test_another_text_has_not_been_stamped(self, tsa: Authority) -> None:
        token, _ = ask(b"text", url=tsa.url, ca=tsa.ca)
        with pytest.raises(StampFault, match="message imprint mismatch"):
            stamped(b"other text", token, ca=tsa.ca)

    def test_another_authority_vouches_for_nothing(self, tsa: Authority, tmp_path: Path) -> None:
        token, _ = ask(b"text", url=tsa.url, ca=tsa.ca)
        with authority(tmp_path / "other") as other:
            with pytest.raises(StampFault, match="certificate verify error"):
                stamped(b"text", token, ca=other.ca)
            with pytest.raises(StampFault, match="certificate verify error"):
                ask(b"text", url=other.url, ca=tsa.ca)

    def test_every_byte_of_the_signature_counts(self, tsa: Authority) -> None:
        token, _ = ask(b"text", url=tsa.url, ca=tsa.ca)
        for at in range(len(token) - 60, len(token), 7):
            spoiled = token[:at] + bytes([token[at] ^ 1]) + token[at + 1 :]
            with pytest.raises(StampFault):
                stamped(b"text", spoiled, ca=tsa.ca)

    @pytest.mark.parametrize("answer", [b"", b"no", b"x" * (MAX_TOKEN + 1)])
    def test_what_is_no_stamp_is_a_fault(self, tsa: Authority, answer: bytes) -> None:
        tsa.answer = answer
        try:
            with pytest.raises(StampFault):
                ask(b"text", url=tsa.url, ca=tsa.ca)
        finally:
            tsa.answer = None

    def test_words_around_the_token_tell_no_time(self, tsa: Authority) -> None:
        """The status of a response is signed by nobody, and OpenSSL prints its text before the time."""
        token, time = ask(b"text", url=tsa.url, ca=tsa.ca)
        forged = der(0x30, der(0x30, der(2, b"\0") + der(0x30, der(0x0C, b"ok\nTime stamp: Dec 03 03:03:03 2026 GMT"))) + token)
        with pytest.raises(StampFault):
            stamped(b"text", forged, ca=tsa.ca)
        tsa.answer = forged
        try:
            with pytest.raises(StampFault, match="nonce"):
                ask(b"text", url=tsa.url, ca=tsa.ca)
        finally:
            tsa.answer = None
        assert stamped(b"text", token, ca=tsa.ca) == time

    def test_a_certificate_that_ended_since_vouches_for_what_it_stamped(self, tmp_path: Path) -> None:
        with authority(tmp_path / "tsa", life=timedelta(seconds=3)) as brief:
            token, _ = ask(b"text", url=brief.url, ca=brief.ca)
            brief.wait_for_its_end()
            assert stamped(b"text", token, ca=brief.ca) < clock.now()
            with pytest.raises(StampFault, match="certificate verify error"):
                ask(b"text", url=brief.url, ca=brief.ca)

    def test_an_authority_that_drips_is_not_waited_for(self, tsa: Authority) -> None:
        tsa.slow = True
        try:
            with pytest.raises(StampFault, match=r"does not answer within 0\.5 s"):
                ask(b"text", url=tsa.url, ca=tsa.ca, seconds=0.5)
        finally:
            tsa.slow = False

    def test_an_old_answer_is_not_the_answer_to_this_question(self, tsa: Authority) -> None:
        ask(b"text", url=tsa.url, ca=tsa.ca)
        tsa.answer = tsa.given
        try:
            with pytest.raises(StampFault, match="nonce"):
                ask(b"text", url=tsa.url, ca=tsa.ca)
        finally:
            tsa.answer = None

    @pytest.mark.parametrize(
        "url", ["http://127.0.0.1:9/", "file:///etc/passwd", "ftp://127.0.0.1/", "http://[", "http://a b/", "http://127.0.0.1:x/"]
    )
    def test_who_does_not_answer_is_a_fault(self, tsa: Authority, url: str) -> None:
        with pytest.raises(Fault):
            ask(b"text", url=url, ca=tsa.ca)


class TestLog:
    def test_a_good_one_says_by_when_records_existed(self, remote: Remote, tsa: Authority, verify: Verify) -> None:
        remote.fill([refused("a"), refused("b")])
        ledger = remote.writer()
        ledger.append(stamp_of(ledger.latest(1)[0], tsa))
        ledger.append(refused("c"))
        status, out, _ = verify("--tsa-ca", str(tsa.ca))
        assert status == 0
        assert "timestamps: 1 good; records 0 to 1 existed by 20" in out
        assert out.endswith("verified: 4 records, 0 problems\n")
        _, out, _ = verify()
        assert "timestamps: 1, not checked (give --tsa-ca)" in out
        _, out, _ = verify("--tsa-ca", str(tsa.ca), "--format", "json")
        told = json.loads(out)["timestamps"]
        assert (told["problem"], [item["seq"] for item in told["stamps"]]) == (None, [2])

    def test_a_log_written_anew_with_the_real_key_cannot_keep_its_stamps(
        self, remote: Remote, tsa: Authority, tmp_path: Path, verify: Verify
    ) -> None:
        remote.fill([refused("a"), refused("b")])
        ledger = remote.writer()
        stolen = stamp_of(ledger.latest(1)[0], tsa)
        ledger.append(stolen)
        (tmp_path / "anew").mkdir()
        anew = Remote.make(tmp_path / "anew")
        anew.clock = TickingClock(clock.now())
        anew.fill([refused("a"), refused("forged"), stolen])
        status, out, _ = verify(other=anew)
        assert status == 0, "every signature is good, and every link"
        status, out, _ = verify("--tsa-ca", str(tsa.ca), other=anew)
        assert status == 1
        assert "first wrong: record 1" in out
        assert "not the one that was seen at this size before" in out

    def test_a_record_cannot_be_older_than_the_stamp_before_it(self, remote: Remote, tsa: Authority, verify: Verify) -> None:
        remote.clock = TickingClock(clock.now() - timedelta(days=3))
        remote.fill([refused("a")])
        ledger = remote.writer()
        ledger.append(stamp_of(ledger.latest(1)[0], tsa, later=-timedelta(days=3)))
        status, out, _ = verify("--tsa-ca", str(tsa.ca))
        assert status == 1
        assert "record 1 shows nothing: its record says that it is older than its timestamp" in out

    def test_one_that_nobody_vouches_for_is_named(self, remote: Remote, tsa: Authority, tmp_path: Path, verify: Verify) -> None:
        remote.fill([refused("a")])
        ledger = remote.writer()
        ledger.append(stamp_of(ledger.latest(1)[0], tsa))
        with authority(tmp_path / "other") as other:
            status, out, _ = verify("--tsa-ca", str(other.ca))
        assert status == 1
        assert "NOT verified: 2 good records, but the timestamp in record 1 shows nothing" in out

    def test_a_log_without_any_shows_nothing_of_time(self, remote: Remote, tsa: Authority, verify: Verify) -> None:
        remote.fill([refused("a")])
        status, out, _ = verify("--tsa-ca", str(tsa.ca))
        assert status == 1
        assert "but the log holds no timestamp" in out

    @pytest.mark.parametrize("other", ["https://other.example/shop.git", None])
    def test_a_stamp_of_another_log_or_of_a_later_size_shows_nothing(
        self, remote: Remote, tsa: Authority, verify: Verify, other: str | None
    ) -> None:
        remote.fill([refused("a")])
        ledger = remote.writer()
        head = head_after(ledger.latest(1)[0])
        head = replace(head, origin=other) if other else replace(head, size=7)
        token, time = ask(head.text.encode(), url=tsa.url, ca=tsa.ca)
        ledger.append(Stamp(head, token).draft(authority=tsa.url, stamped=time, now=time))
        status, out, _ = verify("--tsa-ca", str(tsa.ca))
        assert status == 1
        assert "it is of another log, or of a size that the log had not yet" in out

    @pytest.mark.parametrize(
        "content", [None, b"no certificate", b"-----BEGIN CERTIFICATE-----\nrubbish\n-----END CERTIFICATE-----\n"]
    )
    def test_a_file_without_certificates_is_named(
        self, remote: Remote, tmp_path: Path, verify: Verify, content: bytes | None
    ) -> None:
        remote.fill([refused("a")])
        file = tmp_path / "ca.pem"
        if content is not None:
            file.write_bytes(content)
        status, _, err = verify("--tsa-ca", str(file))
        assert status == 2
        assert "ca.pem" in err
