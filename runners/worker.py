"""The Celery application of the runners: JSON only, one queue an environment, one run at a time, acknowledged when done.

A message that is lost or delivered twice does no harm: the audit branch knows what was run.
"""

from celery import Celery

from countersign.domain.outcomes import Fault
from runners.settings import RunnerSettings

QUEUE_PREFIX = "runs."
NO_ENVIRONMENT = "none"
_VISIBILITY_SECONDS = 3600
"""Longer than any run may take; a message of a killed runner comes back sooner through the bot's reconcile pass."""


def make_app(settings: RunnerSettings) -> Celery:
    """Make the application."""
    app = Celery("countersign.runners", broker=settings.redis_url)
    app.conf.update(
        accept_content=["json"],
        task_serializer="json",
        result_backend=None,
        task_ignore_result=True,
        task_acks_late=True,
        task_reject_on_worker_lost=True,
        worker_prefetch_multiplier=1,
        worker_pool="solo",
        worker_hijack_root_logger=False,
        worker_send_task_events=False,
        worker_enable_remote_control=False,
        broker_connection_retry_on_startup=True,
        broker_transport_options={"visibility_timeout": _VISIBILITY_SECONDS},
        task_create_missing_queues=True,
        enable_utc=True,
    )
    return app


def queues(settings: RunnerSettings) -> tuple[str, ...]:
    """Name the queues that this runner serves."""
    return tuple(f"{QUEUE_PREFIX}{environment}" for environment in (*settings.environments, NO_ENVIRONMENT))


RETRIED = (Fault,)
"""What is worth another try: "could not". A "no" never is."""
