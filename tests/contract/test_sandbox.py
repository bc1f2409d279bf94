"""The Sandbox port: what the pipeline relies on, asked of the fake and of real containers alike.

The fake runs nothing, so each case says twice what a command does: as argv, and as a script.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from countersign.domain.credential import Credential
from countersign.domain.ids import digest_of
from countersign.domain.outcomes import Refused
from countersign.domain.run import Control, Ending, RunSpec
from runners import clock
from runners.ports import Sandbox
from runners.sandbox.container import ContainerSandbox
from tests.fakes.sandbox import FakeSandbox, Script
from tests.integration.sandbox.specs import fresh_run, make_spec
from tests.support.podman import sandbox_host, tools_image

PASSWORD = "correct-horse-battery-staple"
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
ABSENT = "localhost/nothing@sha256:" + "0" * 64


@dataclass(frozen=True)
class World:
    """One sandbox; `will` prepares what the next command does, where it does not do so by itself."""

    sandbox: Sandbox
    image: str
    will: Callable[[Script], None]

    def spec(self, *argv: str, controls: frozenset[Control] = frozenset()) -> RunSpec:
        return make_spec(self.image, argv, controls=controls)


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> World:
    socket, image = sandbox_host(), tools_image()
    folder: Path = tmp_path_factory.mktemp("state")
    sandbox = ContainerSandbox(socket=str(socket), resolve={}, state_dir=folder, clock=clock.now)
    return World(sandbox, image, lambda _: None)


@pytest.fixture(params=["fake", "containers"])
def world(request: pytest.FixtureRequest) -> World:
    if request.param == "fake":
        image = "localhost/tools@sha256:" + "1" * 64
        fake = FakeSandbox(clock=lambda: NOON, images=[image])
        return World(fake, image, fake.script)
    found: World = request.getfixturevalue("real")
    return found


def test_a_command_ends_with_its_status_and_its_output(world: World) -> None:
    world.will(Script(exit_code=3, stdout="out\n", stderr="err\n"))
    result = world.sandbox.run(world.spec("sh", "-c", "echo out; echo err >&2; exit 3"), None)
    assert (result.ending, result.exit_code, result.ok) == (Ending.EXITED, 3, False)
    assert (result.stdout, result.stderr) == ("out\n", "err\n")
    assert (result.stdout_digest, result.stderr_digest) == (digest_of(b"out\n"), digest_of(b"err\n"))
    assert not result.tainted
    assert result.connections == ()
    assert result.started <= result.finished
    assert result.started.utcoffset() == result.finished.utcoffset() == NOON.utcoffset()


def test_status_0_is_success(world: World) -> None:
    world.will(Script())
    assert world.sandbox.run(world.spec("true"), None).ok


def test_a_credential_does_not_show_and_its_showing_is_told(world: World) -> None:
    world.will(Script(stdout=f"password={PASSWORD}\nhost=db\n", stderr=PASSWORD))
    credential = Credential({"PGPASSWORD": PASSWORD, "PGHOST": "db"}, public=["PGHOST"])
    result = world.sandbox.run(
        world.spec("sh", "-c", 'echo "password=$PGPASSWORD"; echo "host=$PGHOST"; printf %s "$PGPASSWORD" >&2'), credential
    )
    assert result.stdout == "password=[credential 1]\nhost=db\n"
    assert result.stderr == "[credential 1]"
    assert result.tainted
    assert result.stdout_digest == digest_of(result.stdout.encode())


@pytest.mark.parametrize("image", [ABSENT, "localhost/countersign-tools:latest", "localhost/countersign-tools"])
def test_an_image_that_is_not_there_by_digest_is_refused(world: World, image: str) -> None:
    with pytest.raises(Refused, match="image") as refusal:
        world.sandbox.run(replace(world.spec("true"), image=image), None)
    assert refusal.value.stage == "sandbox"


def test_there_is_evidence_for_every_control_and_none_beyond(world: World) -> None:
    attestation = world.sandbox.attest()
    assert [control for control, _, _ in attestation.evidence] == list(Control)
    assert attestation.controls == {control for control, in_force, _ in attestation.evidence if in_force}
    assert all(text and "\n" not in text for _, _, text in attestation.evidence)


def test_a_control_that_is_in_force_may_be_asked_for(world: World) -> None:
    world.will(Script())
    controls = world.sandbox.attest().controls
    assert world.sandbox.run(world.spec("true", controls=controls), None).ok


def test_nothing_is_left_of_a_run_that_ended(world: World) -> None:
    world.will(Script())
    spec = world.spec("true")
    world.sandbox.run(spec, None)
    assert world.sandbox.reap(spec.run) == 0


def test_reaping_what_never_was_is_no_error(world: World) -> None:
    assert world.sandbox.reap(fresh_run()) == 0


def test_a_fake_that_lacks_a_control_refuses_by_its_name() -> None:
    """Real hosts that lack one are in tests/integration/sandbox."""
    fake = FakeSandbox(clock=lambda: NOON, controls=set(Control) - {Control.MEMORY_LIMIT})
    with pytest.raises(Refused, match="memory-limit is not in force on this host: the fake"):
        fake.run(make_spec("tools@sha256:" + "1" * 64, ["true"], controls=[Control.MEMORY_LIMIT, Control.SECCOMP]), None)
    assert fake.specs == []
