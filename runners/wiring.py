"""Puts a runner together from its settings. The one place that constructs adapters and backends."""

from dataclasses import dataclass, field
from pathlib import Path

import redis
from pydantic import SecretStr

from countersign.adapters.forges.gitlab import GitLabForge
from countersign.adapters.git import GitRepository
from countersign.adapters.ledger.writer import GitLedger
from countersign.adapters.observe import household
from countersign.adapters.policies import Policies
from countersign.attestation.keys import Signer, TrustRoot, load_signer
from countersign.attestation.ports import Ledger
from countersign.domain.ids import ChangeRef
from countersign.domain.outcomes import Refused
from countersign.domain.ports import Repository
from countersign.domain.run import Control
from runners import clock
from runners.brokers.aws import AwsBroker
from runners.brokers.aws_access import AwsAccess, AwsKeys, TokenFile
from runners.brokers.postgres import PostgresBroker
from runners.brokers.registry import Brokers
from runners.closing import Closer
from runners.leases import RedisLeases
from runners.outbox import FileOutbox
from runners.pipeline import Ending, Pipeline, Room
from runners.ports import Attestation, Broker
from runners.reaper import Reaper
from runners.sandbox.container import ContainerSandbox
from runners.settings import AwsTarget, RunnerSettings, SettingsError, Targets, load_targets, read_secret, tokens_key
from runners.sweeping import Sweeper
from runners.tidying import Tidier
from runners.veil import Veil

_LEASE_SECONDS = 15
_PROOFS = 3
_REDIS_SECONDS = 4
"""Well below a lease: a Redis that hangs must not outlast it."""


@dataclass(slots=True)
class Rooms:
    """The repositories and audit branches of the projects that a runner serves. Not shared between threads."""

    settings: RunnerSettings
    forge: GitLabForge
    _rooms: dict[str, Room] = field(default_factory=dict)

    def of(self, project: str) -> Room:
        """Give the repository and audit branch of a project.

        Raises:
            Refused: the project is not one of this runner's.
        """
        if project not in self.settings.projects:
            raise Refused("intake", "the project is not one that this runner serves")
        if project not in self._rooms:
            self._rooms[project] = _room(self.settings, self.forge.clone_url(project), project)
        return self._rooms[project]

    def ledger(self, project: str) -> Ledger:
        """Give the audit branch alone."""
        return self.of(project).ledger

    def repository(self, project: str) -> Repository:
        """Give the git alone."""
        return self.of(project).repository


@dataclass(frozen=True, slots=True)
class Runner:
    """One runner with everything it needs. Not shared between threads: each has one of its own."""

    rooms: Rooms
    pipeline: Pipeline

    def handle(self, ref: ChangeRef) -> Ending:
        """Look at a change and do what is due."""
        return self.pipeline.handle(ref, self.rooms.of(ref.project))


def build(settings: RunnerSettings) -> Runner:
    """Put a runner together. Proves the sandbox's controls.

    Raises:
        SettingsError: a file is missing or malformed.
        Fault: forge, Redis or container socket cannot be reached.
    """
    targets = load_targets(settings.targets_file)
    forge, sandbox = _forge(settings), _proved_sandbox(settings, targets)
    closer = _closer(settings, targets, sandbox)
    pipeline = Pipeline(
        forge=forge,
        house=household(
            forge,
            branch=settings.branch,
            bot=settings.bot_account,
            machines=settings.machine_accounts,
            policies=Policies(lambda project: _floor(settings, forge.clone_url(project), project)),
        ),
        brokers=closer.brokers,
        sandbox=sandbox,
        attestation=sandbox.attest(),
        leases=_leases(settings),
        outbox=closer.outbox,
        closer=closer,
        environments=frozenset(settings.environments),
        clock=clock.now,
        ticks=clock.ticks,
        sleep=clock.sleep,
    )
    return Runner(Rooms(settings, forge), pipeline)


def build_sweeper(settings: RunnerSettings) -> Sweeper:
    """Put a sweeper together.

    Raises:
        SettingsError: a file is missing or malformed.
    """
    targets = load_targets(settings.targets_file)
    closer, leases = _closer(settings, targets, _sandbox(settings, targets)), _leases(settings)
    reaper = Reaper(closer, leases, frozenset(settings.environments))
    rooms = Rooms(settings, _forge(settings))
    return Sweeper(settings.projects, rooms.ledger, rooms.repository, reaper, Tidier(closer, leases), rooms.forge, settings.branch)


def prove(settings: RunnerSettings) -> Attestation:
    """Prove the sandbox's controls and give the evidence.

    Raises:
        Fault: the container engine cannot be reached.
    """
    return _proved_sandbox(settings, load_targets(settings.targets_file)).attest()


def _forge(settings: RunnerSettings) -> GitLabForge:
    return GitLabForge(url=settings.forge_url, token=read_secret(settings.forge_token_file))


def _leases(settings: RunnerSettings) -> RedisLeases:
    return RedisLeases(redis.Redis.from_url(settings.redis_url, socket_timeout=_REDIS_SECONDS), seconds=_LEASE_SECONDS)


def _closer(settings: RunnerSettings, targets: Targets, sandbox: ContainerSandbox) -> Closer:
    return Closer(
        brokers=Brokers(_brokers(targets)),
        sandbox=sandbox,
        outbox=FileOutbox(settings.state_dir / "outbox"),
        clock=clock.now,
        ticks=clock.ticks,
        veil=Veil(tokens_key(settings)),
    )


def _proved_sandbox(settings: RunnerSettings, targets: Targets) -> ContainerSandbox:
    """Make the sandbox and prove its controls; anew where one was not seen, since a busy host can keep a probe from getting there.

    What three proofs do not show is not in force, and runs that need it are refused.
    """
    for _ in range(_PROOFS - 1):
        sandbox = _sandbox(settings, targets)
        if sandbox.attest().controls == frozenset(Control):
            return sandbox
    return _sandbox(settings, targets)


def _sandbox(settings: RunnerSettings, targets: Targets) -> ContainerSandbox:
    return ContainerSandbox(
        socket=str(settings.container_socket),
        resolve=targets.resolve,
        state_dir=settings.state_dir / "sandbox",
        clock=clock.now,
    )


def _floor(settings: RunnerSettings, url: str, project: str) -> GitRepository:
    """Give a project that a policy extends, to read and for nothing else: a run needs a room, which this is not."""
    place = settings.state_dir / "floors" / project.replace("/", "@")
    return GitRepository(url=url, directory=place, token=read_secret(settings.forge_token_file))


def _room(settings: RunnerSettings, url: str, project: str) -> Room:
    place = settings.state_dir / "projects" / project.replace("/", "@")
    token = read_secret(settings.forge_token_file)
    return Room(
        repository=GitRepository(url=url, directory=place / "objects", token=token),
        ledger=GitLedger(
            remote_url=url,
            directory=place / "ledger",
            token=token,
            trust_root=TrustRoot.parse(_text(settings.trust_root_file)),
            signer=signing_key(settings),
            origin=url,
            clock=clock.now,
        ),
    )


def signing_key(settings: RunnerSettings) -> Signer:
    """Load the key that signs the record."""
    return load_signer(_text(settings.signing_key_file).encode())


def _brokers(targets: Targets) -> list[Broker]:
    brokers: list[Broker] = []
    if targets.postgres:
        admin = {server: dsn.get_secret_value() for server, dsn in targets.postgres.items()}
        brokers.append(PostgresBroker(admin=admin, clock=clock.now, sslmode=targets.postgres_sslmode))
    if targets.aws is not None:
        brokers.append(AwsBroker(access=_access(targets.aws), clock=clock.now))
    return brokers


def _access(told: AwsTarget) -> AwsAccess:
    return AwsAccess(
        region=told.region,
        identity=_keys(told.access_key_id, told.secret_access_key),
        web_identity=None if told.web_identity_token_file is None else TokenFile(told.web_identity_token_file),
        revoker=_keys(told.revoker_access_key_id, told.revoker_secret_access_key),
        endpoint_url=told.endpoint_url,
        sandbox_endpoint=told.sandbox_endpoint,
    )


def _keys(name: str | None, secret: SecretStr | None) -> AwsKeys | None:
    if (name is None) is not (secret is None):
        raise SettingsError(
            "targets file: aws: an access key id and its secret go together; half a key would mean another identity"
        )
    return None if name is None or secret is None else AwsKeys(name, secret.get_secret_value())


def _text(path: Path) -> str:
    return read_secret(path) + "\n"
