"""The Sandbox port in memory: it starts nothing, remembers what was asked, and claims the controls that it is told to claim.

Passes the same contract suite as the real sandbox (tests/contract/test_sandbox.py), as far as a script can.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from countersign.domain.credential import Credential
from countersign.domain.ids import RunId, digest_of
from countersign.domain.outcomes import Refused, SandboxFault
from countersign.domain.ports import Clock
from countersign.domain.run import Connection, Control, Ending, RunResult, RunSpec
from runners.ports import Attestation

_PROFILE = digest_of(b"fake seccomp profile")


@dataclass(frozen=True, slots=True)
class Script:
    """What a command will seem to do."""

    exit_code: int | None = 0
    stdout: str = ""
    stderr: str = ""
    ending: Ending = Ending.EXITED
    connections: tuple[Connection, ...] = ()


class FakeSandbox:
    """Runs nothing. `specs` and `seen` list what was run and the variables that it held, oldest first; `reaped` the runs reaped."""

    def __init__(self, *, clock: Clock, controls: Iterable[Control] = Control, images: Iterable[str] | None = None) -> None:
        """Claim `controls`; know `images`, or every image that is named by digest where that is None."""
        self.specs: list[RunSpec] = []
        self.seen: list[Mapping[str, str]] = []
        self.reaped: list[RunId] = []
        self.act: Callable[[RunSpec, Mapping[str, str]], None] | None = None
        self._clock = clock
        self._controls = frozenset(controls)
        self._images = None if images is None else frozenset(images)
        self._scripts: list[Script | Exception] = []
        self._orphans: dict[RunId, int] = {}
        self._reap_failures: list[str] = []

    def script(self, *scripts: Script) -> None:
        """Say what the next commands do; without a script a command ends with status 0 and no output."""
        self._scripts.extend(scripts)

    def fail_next(self, why: str = "the container engine is away", *, times: int = 1) -> None:
        """Let the next runs fail before their command begins."""
        self._scripts.extend(SandboxFault(why) for _ in range(times))

    def fail_next_reap(self, why: str = "the container engine is away") -> None:
        """Let the next reaping fail."""
        self._reap_failures.append(why)

    def leave(self, run: RunId, containers: int = 1) -> None:
        """Pretend that a runner died and left containers of this run."""
        self._orphans[run] = containers

    def attest(self) -> Attestation:
        """Claim what it was told to claim."""
        evidence = tuple((control, control in self._controls, self._why(control)) for control in Control)
        return Attestation("fake", "none", self._controls, evidence, _PROFILE, self._clock())

    def run(self, spec: RunSpec, credential: Credential | None) -> RunResult:
        """Act out the next script; `act`, where set, gets the specification and the variables, as the command would."""
        for control in sorted(spec.controls - self._controls):
            raise Refused("sandbox", f"{control} is not in force on this host: {self._why(control)}")
        if "@sha256:" not in spec.image or (self._images is not None and spec.image not in self._images):
            raise Refused("sandbox", f"image {spec.image} is not on this host; name one that is, by its digest")
        started = self._clock()
        script = self._scripts.pop(0) if self._scripts else Script()
        if isinstance(script, Exception):
            raise script
        self.specs.append(spec)
        variables = {**spec.environment, **(credential.reveal() if credential else {})}
        self.seen.append(variables)
        if self.act is not None:
            self.act(spec, variables)
        stdout, stderr = (_scrub(text, credential) for text in (script.stdout, script.stderr))
        return RunResult(
            ending=script.ending,
            exit_code=script.exit_code if script.ending is Ending.EXITED else None,
            started=started,
            finished=self._clock(),
            stdout=stdout[: spec.limits.output],
            stderr=stderr[: spec.limits.output],
            stdout_digest=digest_of(stdout.encode()),
            stderr_digest=digest_of(stderr.encode()),
            connections=script.connections,
            tainted=(stdout, stderr) != (script.stdout, script.stderr),
            backend="fake",
            runtime="none",
            profile_digest=_PROFILE,
        )

    def reap(self, run: RunId) -> int:
        """Remove what `leave` pretended."""
        if self._reap_failures:
            raise SandboxFault(self._reap_failures.pop(0))
        self.reaped.append(run)
        return self._orphans.pop(run, 0)

    def _why(self, control: Control) -> str:
        return "claimed by the fake" if control in self._controls else "the fake was told not to claim it"


def _scrub(text: str, credential: Credential | None) -> str:
    for number, secret in enumerate(credential.secrets() if credential else (), 1):
        text = text.replace(secret, f"[credential {number}]")
    return text
