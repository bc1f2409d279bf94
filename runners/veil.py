"""What a runner hides before it writes: puts tokens for values into texts that become part of a record, and notes what was done.

Does not touch what a decision was made from or said, names of hosts that a run reached, nor names of accounts, branches and paths:
an auditor decides again from the first, and looks for the others.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from countersign.attestation.record import Entry
from countersign.domain.ids import ChangeRef, Digest, digest_of
from countersign.domain.policy import Policy
from countersign.domain.tokens.key import TokensKey
from countersign.domain.tokens.kinds import ALL
from countersign.domain.tokens.placeholder import counted, cut_before, fitting
from countersign.domain.tokens.tokenizer import Tokenizer, total
from countersign.domain.tokens.wanted import recorded, wanted
from runners.sandbox.output import without_cut_lines

RATIONALE = 2000
"""Characters of the agent's rationale in a record, tokens included."""
LOOKED_AT = 20_000
"""Characters of a rationale that are looked at: as many as a proposal may have. A forge takes more, and each look costs."""
CLAIM = 500
"""Characters of a claim of one line, such as how to go back."""
FAULT = 2000
"""Characters of what went wrong, or of what a target said of a credential."""
TAIL = 1000
"""Characters of each output in a record."""
_BYTES = 4
"""A text may have so many bytes for each of its characters: a record has room for all of them together."""

Body = dict[str, object]


@dataclass(frozen=True, slots=True)
class Veil:
    """Gives the tokenizer that a record's texts go through. Holds the key and shows it to nobody."""

    key: TokensKey

    def over(self, change: ChangeRef, policy: Policy, environment: str | None) -> Tokenizer:
        """Give the one for a change whose policy is known."""
        return Tokenizer(self.key, change.project, wanted(policy.document, environment))

    def blind(self, project: str) -> Tokenizer:
        """Give the one for what came before a policy could speak: every class."""
        return Tokenizer(self.key, project, ALL)

    def sealed(self, project: str, digest: Digest) -> Digest:
        """Give a digest that stands for one of a text with hidden values in it: whoever holds text and key can compare."""
        return self.key.seal(project, digest)

    def again(self, intent: Entry) -> Tokenizer:
        """Give the one for an outcome: the classes that its intent names; every class where it names none."""
        told = intent.body.get("tokens")
        classes = recorded(told.get("classes") if isinstance(told, Mapping) else None)
        return Tokenizer(self.key, "" if intent.change is None else intent.change.project, classes)


def note(tokenizer: Tokenizer, *texts: str | None) -> Body:
    """Say which classes were looked for by which rules, and how many tokens of each stand in the texts, whoever put them there."""
    return {
        "classes": sorted(kind.value for kind in tokenizer.classes),
        "counts": total(counted(text) for text in texts if text),
        "epoch": tokenizer.key.epoch,
        "ruleset": tokenizer.ruleset,
    }


def rationale(text: str, tokenizer: Tokenizer) -> Body:
    """Give the agent's words as a record keeps them. The digest is of all of them as they are hidden: it confirms no guess."""
    hidden = tokenizer.tokenize(_whole_characters(text[:LOOKED_AT])).text
    return {
        "characters": len(hidden),
        "digest": digest_of(hidden.encode()),
        "text": fitting(hidden, RATIONALE, written=RATIONALE * _BYTES),
    }


def said(text: str, tokenizer: Tokenizer, most: int = FAULT) -> str:
    """Give a text as a record keeps it: values are hidden before it is cut."""
    return fitting(tokenizer.tokenize(_whole_characters(text[:LOOKED_AT])).text, most, written=most * _BYTES)


def tail(text: str, tokenizer: Tokenizer) -> str:
    """Give the end of an output. Values are hidden in all that was kept, before anything is cut."""
    hidden = tokenizer.tokenize(without_cut_lines(_whole_characters(text))).text
    return fitting(cut_before(hidden, TAIL), TAIL, written=TAIL * _BYTES)


def _whole_characters(text: str) -> str:
    """Write halves of characters (lone surrogates), which no record can hold, as escapes."""
    return text.encode("utf-8", "backslashreplace").decode()
