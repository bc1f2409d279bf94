"""What is doubtful about a policy that loads: parts that can never matter, powers that are too wide, names that nobody uses.

Says only what is certain for every change there could be. `policy_check` refuses what makes a policy no policy; nothing here
keeps one from loading.
"""

from countersign.domain.lints.lint import Lint
from countersign.domain.lints.powers import powers
from countersign.domain.lints.reach import reach
from countersign.domain.lints.unused import unused
from countersign.domain.policy import Policy

__all__ = ["Lint", "lint"]


def lint(policy: Policy) -> tuple[Lint, ...]:
    """Give everything that is doubtful, in the order of the file."""
    return tuple(sorted({*reach(policy), *powers(policy), *unused(policy)}))
