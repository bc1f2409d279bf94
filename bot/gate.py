"""What the bot does about an open change: look, decide, say so on the merge request, and ask a runner to look for itself.

The bot's decision opens nothing. A runner decides again from what it sees with its own token, so whatever goes wrong here
costs time and never safety. Refusals are handed on too: only runners sign, so only they put anything on the record.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from datetime import timedelta

from bot import replies
from bot.policy_review import review
from bot.ports import Mark, Marks, Queue
from bot.stood import stood
from bot.view import Judged, Records, Unjudged, View, Word
from countersign.adapters.judge import before_approvals, judge, unbacked
from countersign.adapters.observe import House, observe
from countersign.attestation.ports import LedgerReader
from countersign.attestation.questions import unended
from countersign.domain.ids import ChangeRef, Digest
from countersign.domain.outcomes import Refused
from countersign.domain.ports import Change, ChangeState, Clock, Forge, Repository, StatusState

_FAMILY = "countersign::"
_STEADY = timedelta(minutes=10)
_SOON = timedelta(seconds=60)
_FOLLOW_UPS = (3, 15)
"""Seconds. A runner that is there has put the question on the record by then, and the comment should say so."""

GONE = "gone"


@dataclass(frozen=True, slots=True)
class Room:
    """What the bot has of one project: its objects, and the audit branch to read."""

    repository: Repository
    ledger: LedgerReader


@dataclass(frozen=True, slots=True)
class Gate:
    """Looks at changes. Holds no state: the forge and the audit branch are the state, marks may be lost. For one thread."""

    forge: Forge
    house: House
    room: Callable[[str], Room]
    marks: Marks
    queue: Queue
    clock: Clock

    def look(self, ref: ChangeRef) -> str:
        """Look at a change and do what is due; give a word for the log.

        Raises:
            Fault: could not find out, or could not hand over. Safe to try again.
        """
        change = self.forge.change(ref)
        room = self.room(ref.project)
        if change.state is not ChangeState.OPEN:
            self._withdraw(change, room)
            return GONE
        view = self._view(change, room)
        self._say(view)
        self._hand_on(view, room)
        return view.word.value

    def news(self, ref: ChangeRef) -> bool:
        """Say whether something changed since the change was last handled in full, or that is too long ago.

        The project's objects must be fetched already.

        Raises:
            Fault: could not find out.
        """
        change = self.forge.change(ref)
        now = stood(change, self.forge.approvals(ref).given, self.room(ref.project).repository.tip(self.house.branch))
        return self.marks.seen(Mark.REFLECTED, ref) != now

    def forgotten(self, project: str, still_open: Collection[ChangeRef]) -> list[ChangeRef]:
        """Give the changes that are not open any more, though the record holds a question of theirs open.

        Raises:
            LedgerFault: the audit branch is wrong or cannot be read.
        """
        asked = {question.change for question in self.room(project).ledger.open_questions()}
        return sorted(change for change in asked if change is not None and change not in still_open)

    def _withdraw(self, change: Change, room: Room) -> None:
        """Ask a runner to put on the record that the questions of a change that is gone will not be answered."""
        now = stood(change, (), None)
        if self.marks.seen(Mark.SENT, change.ref) != now and unended(room.ledger.of_change(change.ref)):
            self.queue.run(change.ref, None)
            self.marks.keep(Mark.SENT, change.ref, now, good=_SOON)

    def _view(self, change: Change, room: Room) -> View:
        """See and judge. The records are read last: what is shown as asked may be newer than what was counted, never older."""
        try:
            seen = observe(change, forge=self.forge, repository=room.repository, house=self.house)
            question = before_approvals(seen, unbacked(seen, house=self.house, clock=self.clock), ledger=room.ledger)
            judgement = judge(seen, question, forge=self.forge, ledger=room.ledger, clock=self.clock)
        except Refused as no:
            return Unjudged(change, no, Records.of(change, room.ledger.of_change(change.ref), key=None))
        view = Judged.of(seen, judgement, room.ledger.of_change(change.ref))
        return replace(view, review=review(seen, room.repository, room.ledger, self.house.policies))

    def _say(self, view: View) -> None:
        """Tell people.

        The commit status is the runner's, who alone knows what is on the record; GitLab keeps one for each account, and one of
        ours that stayed pending would hold the merge request for ever. Only a refusal that is not recorded yet is shown at once.
        """
        ref = view.change.ref
        self.forge.say(ref, replies.MARKER, replies.write(view))
        self.forge.set_label(ref, _FAMILY + view.word.value, family=_FAMILY)
        if view.word is Word.REFUSED and view.records.refused is None:
            text = "refused; the bot's comment says why"
            self.forge.set_status(ref.project, view.change.head, StatusState.FAILED, text, None)

    def _hand_on(self, view: View, room: Room) -> None:
        change = view.change
        now = self._stood(view, room)
        if not change.draft and self.marks.seen(Mark.SENT, change.ref) != now:
            self.queue.run(change.ref, view.decision.environment if isinstance(view, Judged) else None)
            self.marks.keep(Mark.SENT, change.ref, now, good=_SOON)
            if isinstance(view, Judged) and view.records.asked is None and view.word is not Word.REFUSED:
                for seconds in _FOLLOW_UPS:
                    self.queue.look(change.ref, seconds=seconds)
        self.marks.keep(Mark.REFLECTED, change.ref, now, good=self._good_for(view))

    def _stood(self, view: View, room: Room) -> Digest:
        """Name what was looked at; what changes from now on is news."""
        if isinstance(view, Judged):
            return stood(view.change, view.judgement.evidence.approvals, view.observation.proposal.base)
        return stood(view.change, self.forge.approvals(view.change.ref).given, room.repository.tip(self.house.branch))

    def _good_for(self, view: View) -> timedelta:
        """Say how long nothing has to be done while nothing changes: short while a runner still owes something."""
        if view.owed:
            return _SOON
        if isinstance(view, Judged) and view.decision.until is not None:
            return max(timedelta(seconds=1), min(_STEADY, view.decision.until - self.clock()))
        return _STEADY
