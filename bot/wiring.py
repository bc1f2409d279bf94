"""Puts the bot together from its settings: the web face, and the worker. The one place that constructs adapters.

What is not safe to share between threads (forge clients, readers of the audit branch) is made anew or kept behind a lock.
"""

from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from urllib.parse import urlsplit

import redis
from redis.exceptions import RedisError

from bot import clock
from bot.agents import Agents
from bot.audit_pages import AuditPages
from bot.audit_views import AuditViews, Seen
from bot.dispatch import CeleryQueue, make_app
from bot.door import Door
from bot.gate import Gate, Room
from bot.health import Readiness
from bot.memory import RedisDeliveries, RedisKeys, RedisMarks, connect
from bot.metrics import Metrics
from bot.ports import Queue
from bot.proposals import Desk, find_identity
from bot.reception import Reception
from bot.reconcile import reconcile
from bot.routes import Face
from bot.settings import PREFIX, BotSettings, SettingsError, read
from bot.standing import Standing
from countersign.adapters.forges.gitlab import GitLabForge
from countersign.adapters.git import GitRepository
from countersign.adapters.ledger.reader import GitLedgerReader
from countersign.adapters.observe import household
from countersign.adapters.patch import PatchBranches
from countersign.adapters.policies import Policies
from countersign.attestation.keys import TrustRoot
from countersign.domain.ids import ChangeRef, MalformedError
from countersign.domain.outcomes import Fault


@dataclass(slots=True)
class Worker:
    """The bot's worker. For one thread."""

    gate: Gate
    queue: Queue

    def look(self, change: ChangeRef) -> str:
        """Look at a change and do what is due; give a word for the log."""
        return self.gate.look(change)

    def reconcile(self, project: str) -> int:
        """Look at all open changes of a project; give how many have to be looked at more closely."""
        return reconcile(project, self.gate, self.queue)


@dataclass(slots=True)
class _Rooms:
    """The projects of this bot, each opened when it is first asked for."""

    settings: BotSettings
    forge: GitLabForge
    _open: dict[str, Room] = field(default_factory=dict)

    def __call__(self, project: str) -> Room:
        if project not in self.settings.projects:
            raise Fault("the project is not one that this bot serves")
        if project not in self._open:
            url = self.forge.clone_url(project)
            self._open[project] = Room(_objects(self.settings, project, url), _ledger(self.settings, project, url))
        return self._open[project]


@dataclass(slots=True)
class _Standings:
    """Tells how changes stand. One reader a project, used by one request at a time: what it verified, it need not verify again."""

    settings: BotSettings
    _ledgers: dict[str, GitLedgerReader] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def __call__(self, ref: ChangeRef) -> Standing:
        forge = _forge(self.settings)
        with self._lock:
            if ref.project not in self._ledgers:
                self._ledgers[ref.project] = _ledger(self.settings, ref.project, forge.clone_url(ref.project))
            records = self._ledgers[ref.project].of_change(ref)
        return Standing(forge.change(ref), records)


@dataclass(slots=True)
class _Logs:
    """Verifies a project's log before its pages are drawn. Called by one request at a time."""

    settings: BotSettings
    _ledgers: dict[str, GitLedgerReader] = field(default_factory=dict)

    def __call__(self, project: str) -> Seen | None:
        if project not in self._ledgers:
            self._ledgers[project] = _ledger(self.settings, project, _forge(self.settings).clone_url(project))
        reader = self._ledgers[project]
        reader.refresh()
        place = _place(self.settings, project)
        tip = reader.chain.tip
        return None if tip is None else Seen(reader.store.repository, tip, place / "pages" / "index.sqlite", place / "objects")


def build_face(settings: BotSettings) -> Face:
    """Put the web face together. Asks nobody anything yet: a forge that is away shows in `/readyz`.

    Raises:
        SettingsError: a file is missing or malformed.
    """
    client = connect(settings.redis_url)
    queue = CeleryQueue(make_app(settings.redis_url))
    _trust_root(settings)
    return Face(
        door=Door(
            secrets=settings.hooks(),
            branch=settings.branch,
            deliveries=RedisDeliveries(client),
            queue=queue,
            clock=clock.now,
        ),
        reception=Reception(
            agents=_agents(settings),
            keys=RedisKeys(client),
            desk=lambda project: _desk(settings, project),
            standing=_Standings(settings),
        ),
        readiness=Readiness({"redis": lambda: _ping(client), "forge": lambda: _forge(settings).whoami()}, ticks=clock.ticks),
        metrics=Metrics(),
        ticks=clock.ticks,
        public_url=settings.public_url,
        pages=_pages(settings),
    )


def _pages(settings: BotSettings) -> AuditPages | None:
    token = settings.pages_token()
    return None if token is None else AuditPages(AuditViews(settings.projects, _Logs(settings)), token)


def build_worker(settings: BotSettings, queue: Queue) -> Worker:
    """Put the worker together.

    Raises:
        SettingsError: a file is missing or malformed.
        Fault: the forge does not answer, or knows no such accounts.
    """
    _trust_root(settings)
    forge = _forge(settings)
    gate = Gate(
        forge=forge,
        house=household(
            forge,
            branch=settings.branch,
            bot=forge.whoami().username,
            machines=settings.machine_accounts,
            policies=Policies(lambda project: _objects(settings, project, forge.clone_url(project))),
        ),
        room=_Rooms(settings, forge),
        marks=RedisMarks(connect(settings.redis_url)),
        queue=queue,
        clock=clock.now,
    )
    return Worker(gate, queue)


def _forge(settings: BotSettings) -> GitLabForge:
    return GitLabForge(url=settings.forge_url, token=settings.token())


def _desk(settings: BotSettings, project: str) -> Desk:
    if project not in settings.projects:
        raise Fault("the agents file names a project that this bot does not serve")
    forge = _forge(settings)
    objects = _objects(settings, project, forge.clone_url(project))
    host = urlsplit(settings.forge_url).hostname or ""
    return Desk(
        forge=forge,
        objects=objects,
        branches=PatchBranches(objects),
        branch=settings.branch,
        identity=lambda: find_identity(forge, email=settings.commit_email, host=host),
        key=settings.tokens_key(),
    )


def _objects(settings: BotSettings, project: str, url: str) -> GitRepository:
    return GitRepository(url=url, directory=_place(settings, project) / "objects", token=settings.token())


def _ledger(settings: BotSettings, project: str, url: str) -> GitLedgerReader:
    return GitLedgerReader(
        remote_url=url,
        directory=_place(settings, project) / "ledger",
        trust_root=_trust_root(settings),
        origin=url,
        token=settings.token(),
    )


def _place(settings: BotSettings, project: str) -> Path:
    return settings.state_dir / "projects" / project.replace("/", "@")


def _trust_root(settings: BotSettings) -> TrustRoot:
    try:
        return TrustRoot.parse(read(settings.trust_root_file).decode())
    except (MalformedError, UnicodeDecodeError) as error:
        raise SettingsError(f"{PREFIX}TRUST_ROOT_FILE: {error}") from None


def _agents(settings: BotSettings) -> Agents:
    if settings.agents_file is None:
        return Agents()
    try:
        agents = Agents.parse(read(settings.agents_file))
    except MalformedError as error:
        raise SettingsError(f"{PREFIX}AGENTS_FILE: {error}") from None
    strange = {project for entry in agents.entries for project in entry.projects} - set(settings.projects)
    if strange:
        raise SettingsError(f"{PREFIX}AGENTS_FILE: not among {PREFIX}PROJECTS: {', '.join(sorted(strange))}")
    return agents


def _ping(client: redis.Redis) -> None:
    try:
        client.ping()
    except RedisError as error:
        raise Fault(f"Redis does not answer ({type(error).__name__})") from None
