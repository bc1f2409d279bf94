"""A timestamp authority is named by a URL that may stand on the record, or not at all."""

from pathlib import Path

import pytest

from countersign.domain.ids import MalformedError
from runners.authority import Authority


@pytest.mark.parametrize(
    "url", ["http://[", "ftp://tsa.example", "tsa.example", "https://", "https://me:word@tsa.example", "file:///etc/passwd", ""]
)
def test_what_is_no_authority_is_said(url: str, tmp_path: Path) -> None:
    with pytest.raises(MalformedError, match="a timestamp authority is"):
        Authority.of(url, tmp_path / "ca.pem")


def test_certificates_that_are_not_there_are_said(tmp_path: Path) -> None:
    with pytest.raises(MalformedError, match="cannot be read"):
        Authority.of("https://tsa.example", tmp_path / "ca.pem")
