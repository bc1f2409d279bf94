"""Which facts a rule asks for and nobody has: those refuse (ADR 15). Asks rule by rule, so a rule about tables needs no plan.

A rule needs Terraform's plan where its `plan` could name a resource type or a protection and its paths hold Terraform's sources;
it needs a manifest parsed where it could name a kind of Kubernetes; `removes` needs the text of every file in its paths.
"""

from collections.abc import Collection, Iterable, Iterator

from countersign.domain.analysers import kubernetes, structured, terraform
from countersign.domain.facts import Facts, Unclear
from countersign.domain.policy import PlanFacts, Rule
from countersign.domain.sql import KINDS


def needed(rule: Rule, paths: Iterable[str], facts: Facts) -> Iterator[Unclear]:
    """Give what the rule would have to know about its paths and does not. Most rules miss nothing, and then no path is read."""
    asks_terraform = rule.plan is not None and _asks_terraform(rule.plan)
    if not (asks_terraform or facts.unread or facts.unparsed):
        return
    meant = frozenset(paths)
    had = meant - {file.path for file in facts.files if file.old_blob is None} if facts.unread or facts.unparsed else meant
    if rule.removes:
        yield from (item for item in facts.unread if item.path in had)
    if rule.plan is None:
        return
    if asks_terraform:
        yield from (
            Unclear(path, 1, f"rule {rule.name!r} asks what Terraform would do, and there is no plan of it")
            for path in sorted(meant)
            if terraform.is_source(path) and not _covered(path, facts.planned)
        )
    doubtful = [item for item in (*facts.unparsed, *facts.unread) if structured.is_structured(item.path)]
    if doubtful and _asks_kubernetes(rule.plan):
        yield from (item for item in doubtful if item.path in (meant if rule.plan.turns_off else had))


def _covered(path: str, directories: Collection[str]) -> bool:
    return any(directory == "" or path.startswith(f"{directory}/") for directory in directories)


def _asks_terraform(asked: PlanFacts) -> bool:
    kinds = (*asked.deletes, *asked.replaces)
    return any(terraform.may_mean_terraform(pattern, KINDS) for pattern in kinds) or any(
        terraform.may_mean_protection(pattern) for pattern in asked.turns_off
    )


def _asks_kubernetes(asked: PlanFacts) -> bool:
    """Kinds begin with a capital letter; a wildcard at the beginning may stand for one."""
    kinds = (*asked.deletes, *asked.replaces)
    return any(pattern[0].isupper() or pattern[0] in "*?" for pattern in kinds) or any(
        kubernetes.may_mean_protection(pattern) for pattern in asked.turns_off
    )
