"""What would run, looked at before anything does: commands, credentials and lifetimes, networks, and a floor."""

from countersign.domain.decision import NetworkTier
from countersign.domain.policy import Document
from countersign.domain.policy_actions import Action
from countersign.domain.policy_check import OWNER, Problems, known_names
from countersign.domain.policy_credentials import GithubCredential
from countersign.domain.policy_sources import Where

_UNITS = ((86400, "d"), (3600, "h"), (60, "m"), (1, "s"))
_NOT_OF_A_FLOOR = ("extends", "codeowners", "agents", "actions", "credentials", "networks", "sandboxes", "tokens", "autonomy")


def ill_run(document: Document) -> Problems:
    """Give every part by which something would run otherwise than it reads, or with more power than it needs."""
    for name, action in document.actions.items():
        where: Where = ("actions", name)
        if all(path.startswith("!") for path in action.paths):
            yield (*where, "paths"), "a list of paths needs one that does not begin with '!'"
        yield from known_names((*where, "sandbox"), [action.sandbox], document.sandboxes, "sandbox")
        for phase, argv in action.argvs():
            if argv[0].startswith("{"):
                yield (*where, phase), "the program is a fixed name, not a placeholder"
        yield from _phases(document, where, action)
    yield from _lifetimes(document)
    for name, network in document.networks.items():
        if network.tier is NetworkTier.NONE and network.allow:
            yield ("networks", name, "allow"), "tier none reaches nothing: take these out, or choose another tier"


def above_the_floor(floor: Document) -> Problems:
    """Give what a floor may not hold: it says what is at least asked, not what runs or who speaks for whom."""
    for key in _NOT_OF_A_FLOOR:
        if key in floor.model_fields_set:
            yield (key,), "a floor has none: this belongs to the policy that extends it"
    if floor.services:
        return
    for name, tier in floor.tiers.items():
        for number, slot in enumerate(tier.approvals):
            if slot.from_ == OWNER:
                yield ("tiers", name, "approvals", number, "from"), "a floor without services has no owner to ask: name a team"


def _phases(document: Document, where: Where, action: Action) -> Problems:
    """A plan runs before anybody approved, so it must not hold what a run holds, under this name or another."""
    given, commands = action.credentials, dict(action.argvs())
    for phase, names in (("plan", given.plan), ("run", given.run), ("rollback", given.rollback)):
        yield from known_names((*where, "credentials", phase), names, document.credentials, "credential")
        if names and phase not in commands:
            yield (*where, "credentials", phase), f"the action has no {phase} command that could use them"
    changing = [document.credentials[name] for name in (*given.run, *given.rollback) if name in document.credentials]
    if any(document.credentials.get(name) in changing for name in given.plan):
        yield (*where, "credentials", "plan"), "a plan runs before approval: give it a credential that run and rollback do not have"


def _lifetimes(document: Document) -> Problems:
    for name, credential in document.credentials.items():
        where: Where = ("credentials", name)
        if credential.ttl < credential.floor:
            least = _written(credential.floor)
            yield (*where, "ttl"), f"{credential.provider} gives nothing shorter than {least}: a shorter word would not be kept"
        if credential.ttl > credential.ceiling:
            yield (*where, "ttl"), f"{credential.provider} is asked for at most {_written(credential.ceiling)}"
        if isinstance(credential, GithubCredential) and len({name.partition("/")[0] for name in credential.repositories}) > 1:
            yield (*where, "repositories"), "one token reaches one owner's repositories: name another credential for the others"


def _written(seconds: int) -> str:
    return next(f"{seconds // size}{unit}" for size, unit in _UNITS if seconds % size == 0)
