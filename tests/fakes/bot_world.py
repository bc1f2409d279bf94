"""The bot's gate beside a runner, both on fakes and looking at one world: what the one says can be held against the other."""

from dataclasses import dataclass

from bot.gate import Gate, Room
from bot.replies import MARKER
from countersign.adapters.observe import household
from countersign.domain.ids import ChangeRef
from tests.builders import SHOP_POLICY
from tests.fakes.bot import FakeMarks, FakeQueue
from tests.fakes.forge import FakeForge
from tests.fakes.runner import PROJECT, RunnerWorld
from tests.support.policies import policies


@dataclass
class BotWorld(RunnerWorld):
    """A runner's world with a bot in it. `look` has the bot look, `handle` the runner."""

    policy: str = SHOP_POLICY

    def __post_init__(self) -> None:
        RunnerWorld.__post_init__(self)
        self.bot_forge = FakeForge(self.world, me="countersign-bot")
        self.queue = FakeQueue()
        self.marks = FakeMarks(clock=self.clock)
        self.gate = Gate(
            forge=self.bot_forge,
            house=household(
                self.bot_forge, branch="main", bot="countersign-bot", machines=["countersign-runner"], policies=policies()
            ),
            room=lambda _: Room(self.repository, self.ledger),
            marks=self.marks,
            queue=self.queue,
            clock=self.clock,
        )

    def look(self, ref: ChangeRef) -> str:
        """Have the bot look at a change."""
        return self.gate.look(ref)

    def comment(self, ref: ChangeRef) -> str:
        """Give the bot's one comment, without its marker."""
        (body,) = [body for person, body in self.world.comments(ref) if person.id == self.bot.id]
        assert body.startswith(MARKER)
        return body.removeprefix(MARKER).lstrip("\n")

    def headline(self, ref: ChangeRef) -> str:
        """Give the comment's first line."""
        return self.comment(ref).partition("\n")[0]

    def labels(self, ref: ChangeRef) -> set[str]:
        """Give the labels of our family."""
        return {label for label in self.world.held(ref).labels if label.startswith("countersign::")}

    def both(self, ref: ChangeRef) -> None:
        """Have the bot look, the runner do what it is asked for, and the bot look again."""
        self.look(ref)
        self.handle(ref)
        self.look(ref)


__all__ = ["PROJECT", "BotWorld"]
