"""The container host that tests and the demo share: one engine and one image for a checkout, in `.cache/containers`.

Brings both up when they are first asked for. They stay up, since tests start containers by the dozen; `stop_host` (`make clean`)
takes them away.
"""

from pathlib import Path

from countersign.domain.outcomes import SandboxFault
from runners.sandbox import host, images
from tests.support.process import UnusableError

_ROOT = Path(__file__).resolve().parents[2]
FOLDER = _ROOT / ".cache" / "containers"
_TOOLS = _ROOT / "tests" / "stage" / "shop" / "image"


def sandbox_host() -> Path:
    """Give the socket of the rootless engine; start it where it is not up.

    Raises:
        UnusableError: podman or a part of it is missing or fails; the text says what to do.
    """
    try:
        return host.up(FOLDER)
    except SandboxFault as fault:
        raise UnusableError(str(fault)) from None


def tools_image() -> str:
    """Give the image with psql, boto3 and the shop's tools, by digest; build it where it is not there (about a minute).

    Raises:
        UnusableError: it cannot be built; the text says why.
    """
    try:
        return images.build(FOLDER, [_TOOLS / "migrate", _TOOLS / "publish"])
    except SandboxFault as fault:
        raise UnusableError(str(fault)) from None


def stop_host() -> bool:
    """Stop the engine and remove its storage; say whether there was anything to stop."""
    return host.down(FOLDER, purge=True)
