"""What exactly would run for a change: the action that takes it, every template filled. Refuses what has no one meaning."""

from collections.abc import Sequence

from countersign.domain.decision import NetworkTier, Plan
from countersign.domain.matching import Touched
from countersign.domain.policy import Policy
from countersign.domain.run import Limits
from countersign.domain.scope import Scope
from countersign.domain.scoping import scopes
from countersign.domain.sql import is_sql
from countersign.domain.templates import NoPlanError, Values, fill_argv

_DATABASE = "postgres"


def plan(policy: Policy, touch: Touched) -> Plan | None:
    """Give what would run; None where no action takes the change.

    Raises:
        NoPlanError: two actions take it, paths of an environment are left over, or a placeholder has no one value.
    """
    document = policy.document
    if not touch.actions:
        return None
    if len(touch.actions) > 1:
        raise NoPlanError(
            f"several actions take this change: {', '.join(sorted(touch.actions))}", "split the change: one action each"
        )
    ((name, taken),) = touch.actions.items()
    action = document.actions[name]
    _nothing_left_over(touch)
    inputs = tuple(sorted((file.path, file.new_blob) for file in taken if file.new_blob is not None))
    if not inputs:
        raise NoPlanError(
            f"the change only deletes paths of action {name!r}: there is nothing to run", "people remove files by hand"
        )
    environment = next(iter(touch.environments), None)
    place = document.environments[environment] if environment is not None else None
    region = None if place is None else place.region
    network = document.networks[place.network] if place is not None and place.network is not None else None
    values = _values(environment, touch)
    box = document.sandboxes[action.sandbox]
    paths = [path for path, _ in inputs]
    rollback = action.rollback
    run_scopes = scopes(policy, action.credentials.run, values, region)
    _only_what_was_looked_into(paths, run_scopes)
    return Plan(
        action=name,
        environment=environment,
        region=region,
        services=tuple(sorted(touch.services)),
        plan_argv=None if action.plan is None else fill_argv(action.plan, values, paths),
        argv=fill_argv(action.run, values, paths),
        rollback=fill_argv(rollback, values, paths) if isinstance(rollback, tuple) else rollback,
        sandbox=action.sandbox,
        image=box.image,
        limits=Limits(memory=box.memory, pids=box.pids, timeout=box.timeout),
        network="none" if place is None or place.network is None else place.network,
        network_tier=NetworkTier.NONE if network is None else network.tier,
        allow=() if network is None else tuple(sorted(network.allow)),
        plan_scopes=scopes(policy, action.credentials.plan, values, region),
        scopes=run_scopes,
        rollback_scopes=scopes(policy, action.credentials.rollback, values, region),
        inputs=inputs,
    )


def _nothing_left_over(touch: Touched) -> None:
    """Refuse to run half of a change: what lies in an environment is either taken by the action or does not belong here."""
    if touch.left_over is not None:
        where = ", ".join(sorted(touch.environments))
        raise NoPlanError(
            f"no action takes {touch.left_over}, which is in {where}", "split the change, or give an action these paths"
        )


def _only_what_was_looked_into(paths: Sequence[str], given: Sequence[Scope]) -> None:
    """Refuse to hand a database what no analyser has read: what drops a table must not hide under another name."""
    unread = next((path for path in paths if not is_sql(path)), None)
    if unread is not None and any(scope.provider == _DATABASE for scope in given):
        raise NoPlanError(
            f"{unread} would be handed to a database, and only *.sql is analysed", "name it .sql, or leave it out of the change"
        )


def _values(environment: str | None, touch: Touched) -> Values:
    values: dict[str, str] = {}
    if environment is not None:
        values["environment"] = environment
    if len(touch.services) == 1:
        values["service"] = next(iter(touch.services))
    return values
