"""Says which HTTP status a client got instead of an answer."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import gitlab
import pytest


@dataclass(slots=True)
class Refused:
    """What the forge said; filled in when the block has ended."""

    message: str = ""


@contextmanager
def refused(status: int) -> Iterator[Refused]:
    """Expect GitLab's refusal with a status, and nothing else."""
    said = Refused()
    with pytest.raises(gitlab.GitlabError) as caught:
        yield said
    assert caught.value.response_code == status, f"{caught.value.response_code} instead of {status}: {caught.value}"
    said.message = str(caught.value.error_message)
