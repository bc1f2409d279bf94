"""What is wrong with a policy, and where. Every problem is told at once; a policy that has one does not load."""

from dataclasses import dataclass

from countersign.domain.decision import Place


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One thing that is wrong, and where."""

    place: Place
    text: str

    def __str__(self) -> str:
        """Write it as compilers do."""
        return f"{self.place}: {self.text}"


class PolicyError(Exception):
    """The policy does not load. Its text names every problem, one a line."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        """Keep the problems, in the order of the file."""
        super().__init__("\n".join(str(problem) for problem in sorted(problems)))
        self.problems = tuple(sorted(problems))
