"""What a runner can do: one program and its arguments for each phase, never a shell line. Filling them in is `planning`'s."""

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from countersign.domain.policy_values import Argv, Globs, Model, Name

REVERT: Literal["revert"] = "revert"


def _way_back(value: object) -> object:
    if isinstance(value, list | tuple) or value in (None, REVERT):
        return value
    raise ValueError("a list of arguments, or the word revert")


class ActionCredentials(Model):
    """Which credentials each phase is given. They are minted for the phase and gone after it."""

    plan: Annotated[
        tuple[Name, ...], Field(description="For `plan`, which runs before anybody approved: to look, not to change.")
    ] = ()
    run: Annotated[tuple[Name, ...], Field(description="For `run`, after approval.")] = ()
    rollback: Annotated[tuple[Name, ...], Field(description="For `rollback`; minted then, not kept from the run.")] = ()


class Action(Model):
    """Something that a runner can do."""

    paths: Annotated[Globs, Field(description="A change of these paths is this action. Two actions for one change refuse it.")]
    plan: Annotated[Argv | None, Field(description="Shows what `run` would do. Carried out before approval.")] = None
    run: Annotated[Argv, Field(description="A list: program and arguments, with {environment}, {service} and {files}.")]
    rollback: Annotated[
        Argv | Literal["revert"] | None,
        BeforeValidator(_way_back),
        Field(description="How to go back: a list as for `run`, or `revert` for a revert commit."),
    ] = None
    sandbox: Annotated[Name, Field(description="Where it runs.")]
    credentials: Annotated[ActionCredentials, Field(description="For each phase.")] = ActionCredentials()

    def argvs(self) -> Iterator[tuple[str, tuple[str, ...]]]:
        """Give each phase that has a command, with it."""
        if self.plan is not None:
            yield "plan", self.plan
        yield "run", self.run
        if isinstance(self.rollback, tuple):
            yield "rollback", self.rollback
