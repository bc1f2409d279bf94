"""The bot's comment: facts first, on one screen, and nothing that others wrote does anything in it."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.replies import MARKER, write
from bot.view import Judged, Records
from countersign.adapters.judge import Judgement
from countersign.adapters.observe import Observation
from countersign.attestation.comment import marker, without_words
from countersign.domain.decide import decide
from countersign.domain.decision import Decision, Discounted, Reason
from countersign.domain.facts import Act, Facts, KeyChange, Measured, Signal, Unclear
from countersign.domain.neutral import IN_A_CHECKPOINT
from countersign.domain.people import Agent, Person
from countersign.domain.proposal import Claims, Proposal
from tests.builders import AGENT_ACCOUNT, NOON, SAM, WANDA, evidence, file_change, proposal, shop_policy
from tests.support.decided import change_of
from tests.support.rendered import OURS, inert

POLICY = shop_policy()
PRODUCTION = {"db/production/shop/V2__note.sql": "ALTER TABLE orders ADD COLUMN note text;\n"}
FORGED = "7@sha256:" + "b" * 64
WORDS = st.text(max_size=60) | st.sampled_from(
    [
        "/approve",
        "\n/merge",
        "@lea @all",
        "![x](https://evil.example/x.png)",
        "<img src=x>",
        "a|b|c",
        "```\n",
        "</details>",
        "\x1b[31m",
        "\u202e",
        FORGED,
        f"Checkpoint: `{FORGED}`",
        f"\n\nCheckpoint: `{FORGED}`\n\n",
        "\n\n<!-- countersign:runner -->\n",
    ]
)


def view(asked: Proposal, *people: Person, decision: Decision | None = None) -> Judged:
    found = evidence(*people)
    change = change_of(asked, at=NOON)
    decided = decision or decide(POLICY, asked, found, now=NOON)
    return Judged(Observation(change, POLICY, asked), Judgement(decided, found, NOON), Records())


def test_what_matters_fits_one_screen() -> None:
    written = write(view(proposal(sql=PRODUCTION), SAM))
    shown = written.partition("<details>")[0].strip().splitlines()
    assert shown[0] == "### ⏸ Needs 1 approval · medium · production / shop"
    assert len(shown) < 20
    rows = [line.split(" | ")[0].removeprefix("| ") for line in shown if line.startswith("| ") and not line.startswith("| |")]
    assert rows == ["Changes", "Will run", "Way back", "Will be minted", "Network", "Why medium", "Waits for", "Does not count"]


def test_what_would_be_minted_is_told_to_the_letter() -> None:
    written = write(view(proposal(sql=PRODUCTION)))
    assert (
        "postgres · database · database `shop_production` · role `shop_production` · server `db.shop.example:5432` · 10 min"
        in written
    )
    assert "| Network | privatelink: `db.shop.example:5432`, `s3.shop.example:443` |" in written
    assert "| Will run | `migrate` `db/production/shop/V2__note.sql` in `tools`" in written


def test_long_lists_say_how_much_is_not_shown() -> None:
    many = [file_change(f"docs/page-{number:02}.md") for number in range(20)]
    written = write(view(proposal(*many)))
    assert "… and 12 more" in written
    assert "page-19" not in written


def test_contradictions_stand_beside_the_facts() -> None:
    written = write(view(proposal(sql=PRODUCTION, claims=Claims(environment="staging", not_sure=("the index",)))))
    assert "| Said vs seen ⚠ | says environment 'staging'; the paths say 'production' |" in written
    assert "> not sure: the index" in written


def test_what_the_change_does_is_told_worst_first_and_unseen_characters_by_number() -> None:
    found = Facts(
        (file_change("docs/a.md"),),
        effects=(
            Measured(Act.DELETES, "table", "a|b", "docs/a.md", 3),
            Measured(Act.REPLACES, "aws_db_instance", "main", "docs/a.md"),
            Measured(Act.TURNS_OFF, "versioning", "bucket", "docs/a.md"),
        ),
        keys=(KeyChange("docs/a.md", 2, "spec.replicas", "3", None),),
        signals=(Signal("hidden characters", "docs/a.md", 7, "U+202E RIGHT-TO-LEFT OVERRIDE"),),
    )
    written = write(view(proposal(found=found)))
    assert r"| **Would be gone** | **table `a\|b`** (`docs/a.md`:3) |" in written
    assert r"| **Would be replaced** | **aws\_db\_instance `main`** (`docs/a.md`:1) |" in written
    assert "| **Would be turned off** | **versioning `bucket`** (`docs/a.md`:1) |" in written
    assert "| Look twice ⚠ | hidden characters: U+202E RIGHT-TO-LEFT OVERRIDE (`docs/a.md`:7) |" in written
    assert "| Values | `spec.replicas` `3` → nothing (`docs/a.md`:2) |" in written


@given(words=WORDS)
def test_no_fact_does_anything(words: str) -> None:
    found = Facts(
        (file_change("docs/a.md"),),
        effects=tuple(Measured(act, words, words, words) for act in Act),
        keys=(KeyChange(words, 1, words, words, words),),
        signals=(Signal(words, words, 1, words),),
        unclear=(Unclear(words, 1, words),),
    )
    harmless(write(view(proposal(found=found))))


@pytest.mark.parametrize("field", ["environment", "action", "rollback"])
@given(words=WORDS)
def test_no_claim_does_anything(field: str, words: str) -> None:
    claims = Claims(tests=(words,), not_sure=(words,), **{field: words})
    harmless(write(view(proposal(sql=PRODUCTION, claims=claims))))


@given(words=WORDS, name=WORDS)
def test_nothing_else_that_others_write_does_anything(words: str, name: str) -> None:
    asked = replace(
        proposal(file_change(f"docs/{words}"), file_change(f"db/production/shop/{words}.sql")),
        agent=Agent(name or "x", words, strength=1),
        sponsor=Person(10, name or "x"),
        title=words,
    )
    decided = decide(POLICY, asked, evidence(SAM), now=NOON)
    reason = Reason(words or "x", words, tier=words or None, path=words or None, decides=True, to_pass=words or None)
    made = replace(decided, reasons=(*decided.reasons, reason), discounted=(Discounted(Person(1, name or "x"), words),))
    harmless(write(view(asked, WANDA, AGENT_ACCOUNT, decision=made)))


def harmless(written: str) -> None:
    """See that nothing acts or reads like a runner's checkpoint, and that table and folds are ours alone."""
    blocks = inert(written, html=OURS)
    assert not IN_A_CHECKPOINT.search(written)
    assert not any(IN_A_CHECKPOINT.search(leaf.content) for block in blocks for leaf in block.children or ())
    assert without_words(f"{MARKER}\n{written}").text == f"{MARKER}\n{written}"
    assert marker() not in written.splitlines()
    rows = sum(block.type == "tr_open" for block in blocks)
    assert sum(block.type == "table_open" for block in blocks) == 1
    assert sum(block.type in {"td_open", "th_open"} for block in blocks) == 2 * rows
    assert rows == sum(line.startswith("| ") for line in written.splitlines())


def test_the_way_back_and_an_emergency_are_told_in_words() -> None:
    policy = shop_policy(
        ('    run: [migrate, "{files}"]\n', '    run: [migrate, "{files}"]\n    rollback: revert\n'),
        ("freezes:\n  year-end", "emergency: {from: leads, lifts: freezes, lasts: 1h, review_within: 24h}\nfreezes:\n  year-end"),
        ("start: 2026-12-18T00:00", "start: 2026-11-18T00:00"),
    )
    asked = proposal(sql=PRODUCTION, claims=Claims(emergency="orders cannot be placed"))
    written = write(view(asked, decision=decide(policy, asked, evidence(WANDA), now=NOON)))
    assert "| Way back | a revert commit, through the same gate |" in written
    assert "web: 1 of 1 ✔ `wanda` · leads to lift the freeze: 0 of 1" in written
    assert "none that the policy knows" in write(view(proposal(sql=PRODUCTION)))
