"""The main job, end to end, for somebody who has two minutes: four changes that an agent proposes to a small shop.

`make demo` waits for your Approve in the browser; `make demo AUTO=1` approves as a second person. Exit status 0 only if what
was to be applied was applied, what was to be refused was refused, every credential is proved dead and the records verify.
"""

import argparse
import sys
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from tests.stage import background, forge, shop
from tests.stage.background import StageError
from tests.stage.people import TooLateError, wait_for_merge, wait_until
from tests.stage.report import report
from tests.stage.visitor import Visitor

FOLDER = Path(".demo")
_PATIENCE = 3600
_BOLD, _DIM, _PLAIN = ("\033[1m", "\033[2m", "\033[0m") if sys.stdout.isatty() else ("", "", "")


class Demo:
    """Walks the four changes and remembers which merge request each became."""

    def __init__(self, visitor: Visitor, *, auto: bool, began: float) -> None:
        """Play on a running stage."""
        self.visitor = visitor
        self.cast = visitor.cast
        self.changes: dict[str, int] = {}
        self.problems: list[str] = []
        self._auto = auto
        self._began = began

    def say(self, text: str) -> None:
        """Print a line with the time since the beginning."""
        print(f"{_DIM}{self.seconds():6.1f} s{_PLAIN}  {text}", flush=True)

    def check(self, what: str, holds: Callable[[], bool]) -> None:
        """Look whether something is really so."""
        if holds():
            self.say(f"  ✔ {what}")
        else:
            self.say(f"  ✘ NOT SO: {what}")
            self.problems.append(what)

    def play(self) -> None:
        """Play all four acts."""
        self._staging()
        self._production()
        self._drop()
        self._page()

    def seconds(self) -> float:
        """Give the time since the beginning."""
        return time.monotonic() - self._began

    def url(self, name: str) -> str:
        """Give the address of a change's merge request."""
        return f"{self.visitor.card['forge']}/{shop.PROJECT}/-/merge_requests/{self.changes[name]}"

    def _propose(self, name: str, headline: str, ask: shop.Ask) -> int:
        print(f"\n{_BOLD}{headline}{_PLAIN}", flush=True)
        self.changes[name] = self.cast.propose(ask)
        self.say(f"the agent handed in a diff: {self.url(name)}")
        return self.changes[name]

    def _merged(self, iid: int, *, seconds: float = 180) -> None:
        wait_for_merge(self.cast, iid, seconds=seconds)
        self.say(f"applied and merged: {self.cast.status(iid)[1]}")

    def _asked(self, iid: int) -> None:
        wait_until("the question", lambda: self.cast.asked(iid), shows=lambda: self.cast.status(iid))
        self.say(f"the question is on the record: {self.cast.status(iid)[1]}")

    def _staging(self) -> None:
        iid = self._propose("staging", "a. A migration in staging: autonomous", shop.staging_migration())
        self._merged(iid)
        self.check("the column is in the staging database", lambda: "gift_note" in self.visitor.columns("staging", "orders"))

    def _production(self) -> None:
        iid = self._propose("production", "b. The same in production: somebody else has to say yes", shop.production_migration())
        self._asked(iid)
        self.check("nothing has run yet", lambda: "gift_note" not in self.visitor.columns("production", "orders"))
        if self._auto:
            self.cast.approve("wanda", iid)
            self.say("Wanda approved")
            self._merged(iid)
        else:
            print(
                f"\n    Your turn. Open {self.url('production')}\n    sign in as Wanda (top right) and press Approve.\n", flush=True
            )
            self._merged(iid, seconds=_PATIENCE)
        self.check("the column is in the production database", lambda: "gift_note" in self.visitor.columns("production", "orders"))

    def _drop(self) -> None:
        freeze = shop.freeze_around(background.now())
        self._decree(freeze, "Freeze production: stocktaking")
        iid = self._propose("drop", "c. DROP TABLE in a freeze, every approval given, “all tests passed”", shop.drop_table())
        for username in shop.EVERYBODY_WHO_COULD:
            self.cast.approve(username, iid)
        self.say("production is frozen; Lea, Lou and Wanda approved all the same")
        wait_until(
            "the refusal on the record",
            lambda: self.cast.status(iid)[0] == "failed" and "record" in self.cast.status(iid)[1],
            shows=lambda: self.cast.status(iid),
        )
        self.say(f"the runner says: {self.cast.status(iid)[1]}")
        self.check("three approvals stand", lambda: self.cast.approvers(iid) == set(shop.EVERYBODY_WHO_COULD))
        self.check("the table is still there", lambda: "name" in self.visitor.columns("production", "executives"))
        self.check("the change was not merged", lambda: self.cast.state(iid) == "opened")
        self._decree(None, "Lift the freeze: stock is taken")

    def _page(self) -> None:
        iid = self._propose(
            "page", "d. A new text on the public page: approved, published with a narrowed session", shop.new_page()
        )
        self._asked(iid)
        self.cast.approve("wim", iid)
        self.say("Wim approved")
        self._merged(iid)
        self.check("the object is in the bucket", lambda: "Open every day" in self.visitor.page(shop.BUCKET, "index.html"))

    def _decree(self, freeze: tuple[datetime, datetime] | None, message: str) -> None:
        """Change the policy as its owners do, who are not the agent and need no bot."""
        card = self.visitor.card
        policy = shop.policy(image=card["image"], freeze=freeze)
        forge.replace_on_main(card["forge"], card["admin_token"], ".countersign/policy.yaml", policy, message)


def main() -> int:
    """Play the demo."""
    parser = argparse.ArgumentParser(prog="make demo", description=__doc__)
    parser.add_argument("--auto", action="store_true", help="approve as a second person and end by itself")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where state and logs go (default: %(default)s)")
    options = parser.parse_args()
    began = time.monotonic()
    try:
        print(f"{_BOLD}Countersign: what an agent proposes, people countersign{_PLAIN}\n", flush=True)
        background.start(
            options.folder, say=lambda text: print(f"{_DIM}{time.monotonic() - began:6.1f} s{_PLAIN}  {text}", flush=True)
        )
        demo = Demo(Visitor.of(options.folder), auto=options.auto, began=began)
        demo.play()
        return report(demo)
    except (StageError, TooLateError) as error:
        print(f"\nthe demo did not come to its end: {error}\nlogs are in {options.folder}/", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nstopped; `make clean` ends what still runs", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
