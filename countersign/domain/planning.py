"""What exactly would run for a change: the action that takes it, every template filled. Refuses what has no one meaning."""

from collections.abc import Mapping, Sequence

from countersign.domain.canonical import canonical_json
from countersign.domain.decision import NetworkTier, Plan
from countersign.domain.facts import FileChange
from countersign.domain.ids import MalformedError
from countersign.domain.matching import Touched
from countersign.domain.policy import AwsCredential, Credential, Document, PostgresCredential
from countersign.domain.run import Limits
from countersign.domain.scope import Scope

Values = Mapping[str, str]


class NoPlanError(Exception):
    """The change cannot be run as it is. The text says why, `to_pass` what would help."""

    def __init__(self, why: str, to_pass: str) -> None:
        """Keep both."""
        super().__init__(why)
        self.to_pass = to_pass


def plan(document: Document, touch: Touched) -> Plan | None:
    """Give what would run; None where no action takes the change.

    Raises:
        NoPlanError: two actions take it, paths of an environment are left over, or a placeholder has no one value.
    """
    if not touch.actions:
        return None
    if len(touch.actions) > 1:
        raise NoPlanError(
            f"several actions take this change: {', '.join(sorted(touch.actions))}", "split the change: one action each"
        )
    ((name, taken),) = touch.actions.items()
    action = document.actions[name]
    environment = next(iter(touch.environments), None)
    _nothing_left_over(touch, taken)
    inputs = tuple(sorted((file.path, file.new_blob) for file in taken if file.new_blob is not None))
    if not inputs:
        raise NoPlanError(
            f"the change only deletes paths of action {name!r}: there is nothing to run", "people remove files by hand"
        )
    values = _values(environment, touch)
    network_name = document.environments[environment].network if environment is not None else None
    network = document.networks[network_name] if network_name is not None else None
    box = document.sandboxes[action.sandbox]
    paths = [path for path, _ in inputs]
    return Plan(
        action=name,
        environment=environment,
        services=tuple(sorted(touch.services)),
        argv=_argv(action.run, values, paths),
        rollback=None if action.rollback is None else _argv(action.rollback, values, paths),
        sandbox=action.sandbox,
        image=box.image,
        limits=Limits(memory=box.memory, pids=box.pids, timeout=box.timeout),
        network=network_name or "none",
        network_tier=NetworkTier.NONE if network is None else network.tier,
        allow=() if network is None else tuple(sorted(network.allow)),
        scopes=tuple(
            _scope(credential, document.credentials[credential], values) for credential in sorted(set(action.credentials.run))
        ),
        inputs=inputs,
    )


def _nothing_left_over(touch: Touched, taken: Sequence[FileChange]) -> None:
    """Refuse to run half of a change: what lies in an environment is either taken by the action or does not belong here."""
    left = touch.placed - {file.path for file in taken}
    if left:
        where = ", ".join(sorted(touch.environments))
        raise NoPlanError(f"no action takes {min(left)}, which is in {where}", "split the change, or give an action these paths")


def _values(environment: str | None, touch: Touched) -> Values:
    values: dict[str, str] = {}
    if environment is not None:
        values["environment"] = environment
    if len(touch.services) == 1:
        values["service"] = next(iter(touch.services))
    return values


def _argv(template: Sequence[str], values: Values, paths: Sequence[str]) -> tuple[str, ...]:
    filled: list[str] = []
    for argument in template:
        if argument == "{files}":
            filled.extend(paths)
        else:
            filled.append(_fill(argument, values))
    return tuple(filled)


def _fill(template: str, values: Values) -> str:
    for name, value in values.items():
        template = template.replace("{" + name + "}", value)
    for name in ("environment", "service", "files"):
        if "{" + name + "}" in template:
            raise NoPlanError(
                f"the action needs one {name}, and the change does not touch exactly one", f"touch one {name} a change"
            )
    return template


def _scope(name: str, credential: Credential, values: Values) -> Scope:
    match credential:
        case PostgresCredential():
            parameters = {
                "database": _fill(credential.database, values),
                "role": _fill(credential.role, values),
                "server": _fill(credential.server, values),
            }
        case AwsCredential():
            parameters = {"role": _fill(credential.role, values)}
            if credential.region is not None:
                parameters["region"] = credential.region
            if credential.session_policy is not None:
                parameters["session_policy"] = canonical_json(_filled(credential.session_policy, values)).decode()
        case _:
            raise MalformedError(f"no provider can honour credential {name!r}")
    return Scope(name=name, provider=credential.provider, parameters=parameters, ttl=credential.ttl)


def _filled(value: object, values: Values) -> object:
    if isinstance(value, str):
        return _fill(value, values)
    if isinstance(value, Mapping):
        return {str(key): _filled(item, values) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_filled(item, values) for item in value]
    return value
