"""The Celery application of the runners: one queue an environment, one run at a time.

What is in a queue reaches Celery through an inlet (`countersign/adapters/inlet.py`) and no other way. A message that is lost or
delivered twice does no harm: the audit branch knows what was run.
"""

import redis
from celery import Celery, signals
from kombu.transport import redis as kombu
from kombu.utils.objects import cached_property

from countersign.adapters.inlet import Inlet, Refusals, celery_settings
from countersign.domain.messages import NO_ENVIRONMENT, RUN_QUEUES, RUN_TASK
from runners import clock
from runners.settings import RunnerSettings


def make_app(settings: RunnerSettings, refusals: Refusals) -> Celery:
    """Make the application."""
    app = Celery("countersign.runners", broker=settings.redis_url)
    app.conf.update(celery_settings())
    app.conf.broker_transport = _transport(Inlet(tasks=(RUN_TASK,), refusals=refusals, clock=clock.now))
    return app


def queues(settings: RunnerSettings) -> tuple[str, ...]:
    """Name the queues that this runner serves."""
    return tuple(f"{RUN_QUEUES}{environment}" for environment in (*settings.environments, NO_ENVIRONMENT))


def serve(app: Celery, names: tuple[str, ...]) -> bool:
    """Serve the queues until told to stop. Say whether it was that: a worker that ends unasked has not done its work."""
    signals.setup_logging.connect(_leave_logging)
    worker = app.Worker(
        queues=list(names), loglevel="WARNING", quiet=True, without_gossip=True, without_heartbeat=True, without_mingle=True
    )
    worker.start()
    return worker.exitcode == 0


def _leave_logging(**_signal: object) -> None:
    """Keep Celery from setting up logging of its own: whoever started the process has done so."""


def _transport(inlet: Inlet) -> type[kombu.Transport]:
    class InletChannel(kombu.Channel):
        @cached_property
        def client(self) -> redis.Redis:
            client: redis.Redis = super().client
            client.set_response_callback("BRPOP", inlet)
            return client

    class InletTransport(kombu.Transport):
        Channel = InletChannel

    return InletTransport
