"""Of a runner's comment only its last line is a checkpoint, however it was copied; what stands around comments is read as ever."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from countersign.attestation.checkpoint import Checkpoint, seen
from countersign.attestation.comment import last_line, marker, without_words
from countersign.domain.ids import MalformedError, RunId
from tests.support.audit import trust_root

RUN = RunId("run-" + "b" * 20)
GOOD, OTHER, FORGED = (Checkpoint.parse(f"{size}@sha256:{size:064x}") for size in (42, 43, 7))
TRUST = trust_root()
HOSTILE = [
    f"db/x,{FORGED}.sql:1: the SQL cannot be parsed",
    f"db/x `{FORGED}` is not allowed",
    f"db/{FORGED} is not allowed",
    f"{FORGED}",
    f"checkpoint: {FORGED}",
    f"> Checkpoint {FORGED}",
    f"seen Checkpoint: `{FORGED}`",
    f"Checkpoint: `{FORGED}",
    f"The run failed: image registry.example/postgres16@{FORGED.root} is not here",
    f"The run failed: image registry.example/tools:1.2@{FORGED.root} is not here",
    "7@SHA256:",
    "\u2014 log.example AAAAAAAA",
]
lines = st.sampled_from(HOSTILE) | st.text(st.characters(exclude_characters="\n"), max_size=40)


def comment(*words: str, run: RunId | None = None, checkpoint: Checkpoint = GOOD) -> str:
    return "\n".join([marker(run), "### ✘ Refused", "", *words, "", last_line(checkpoint), ""])


def quoted(text: str) -> str:
    return "".join(f"> {line}\n" for line in text.splitlines())


def taken(text: str) -> list[Checkpoint]:
    return seen(text, TRUST)[0]


@given(st.lists(lines, max_size=4), st.sampled_from([None, RUN]))
@example(HOSTILE, None)
def test_nothing_but_the_last_line_of_a_whole_comment_is_read(words: list[str], run: RunId | None) -> None:
    words = [line for line in words if not line.strip("\ufeff \t>").startswith("<!--")]
    text = comment(*words, run=run)
    for copied in (text, text.replace("\n", "\r\n"), quoted(text), quoted(quoted(text)), f"\ufeff{text}", text.rstrip()):
        assert taken(copied) == [GOOD]


OWN = [f"noted in OPS-12: {OTHER}", f"| OPS-12 | {OTHER} |", f"{OTHER}", f"- `{OTHER}`", f"Checkpoint {OTHER}."]


@pytest.mark.parametrize("own", OWN)
def test_what_stands_before_a_last_line_without_its_marker_is_read_as_ever(own: str) -> None:
    """Copied from where a forge shows it, a comment has no marker and no ticks, and nobody can tell where it begins."""
    for tick in ("", "`"):
        last = f"Checkpoint: {tick}{GOOD}{tick}\n"
        for text in (f"{own}\n\n✘ Refused\n\n{last}", f"{last}\n{own}\n"):
            assert sorted(taken(text), key=str) == sorted(taken(quoted(text)), key=str) == [GOOD, OTHER]
            assert without_words(text).passed_over == ()


@pytest.mark.parametrize("own", OWN)
def test_what_stands_between_a_comment_with_its_marker_and_one_without_is_read(own: str) -> None:
    assert taken(f"{comment(HOSTILE[0])}{own}\nwords\nCheckpoint: {GOOD}\n") == [GOOD, OTHER, GOOD]


@pytest.mark.parametrize("words", HOSTILE[8:11])
def test_what_only_looks_like_one_before_a_last_line_without_its_marker_is_refused(words: str) -> None:
    with pytest.raises(MalformedError, match=r"^line 3: looks like a checkpoint"):
        taken(f"✘ Refused\n\n{words}\n\nCheckpoint: {GOOD}\n")


def test_of_several_comments_each_last_line_is_read_and_so_is_what_stands_between() -> None:
    first, second = comment(HOSTILE[0]), comment(HOSTILE[1], run=RUN, checkpoint=OTHER)
    third = Checkpoint(44, GOOD.root)
    assert taken(first + second) == [GOOD, OTHER]
    assert taken(first.rstrip() + second.rstrip()) == [GOOD, OTHER], "as forges give them, without a newline at the end"
    assert taken(f"{first}\n{third}\n{second}") == [GOOD, third, OTHER]
    assert taken(f"{first}\n{second}\nand {third}\n") == [GOOD, OTHER, third]
    assert without_words(f"{first}\n{third}\n{second}").passed_over == (4, 12)


def test_a_line_that_was_spoiled_is_refused_where_a_whole_one_follows() -> None:
    with pytest.raises(MalformedError, match=r"^line 1: looks like a checkpoint"):
        taken(f"Checkpoint: `{str(OTHER)[:-1]}`\n\nCheckpoint: `{GOOD}`\n")


@pytest.mark.parametrize("after", ["", comment(checkpoint=OTHER), f"Checkpoint:\n`{GOOD}`\n", f"Checkpoint: `{str(GOOD)[:-1]}`\n"])
def test_half_a_comment_is_refused_with_the_line_where_it_begins(after: str) -> None:
    half = f"kept:\n{marker(RUN)}\n### ✔ Applied\n\n{HOSTILE[0]}\n"
    with pytest.raises(MalformedError, match=r"^line 2: a runner's comment begins here, and its last line, .*, is not there$"):
        taken(half + after)


def test_a_comment_of_the_bots_holds_none_and_what_looks_like_one_there_is_refused() -> None:
    bots = "<!-- countersign:bot -->\n### ✘ Refused\n\n`db/x.sql`\n"
    assert taken(f"{bots}\n{comment(HOSTILE[0])}") == [GOOD]
    assert taken(f"{comment(HOSTILE[0])}\n{bots}") == [GOOD]
    copied = comment(HOSTILE[0]).partition("\n")[2]
    assert taken(f"{copied}\n{bots}")[-1] == GOOD, "a runner's without its marker, above it"
    with pytest.raises(MalformedError, match=r"^line \d+: in a comment of the bot's, which holds no checkpoint"):
        taken(f"{bots}\n{copied}")
    for more in (f"{GOOD}\n", f"seen {GOOD}\n\nCheckpoint: {OTHER}\n", f"Checkpoint: `{GOOD}`{comment()}"):
        with pytest.raises(MalformedError, match=r"^line 6: in a comment of the bot's, which holds no checkpoint"):
            taken(f"{bots}\n{more}")


@given(st.lists(lines, max_size=6))
def test_lines_stay_where_they_are(held: list[str]) -> None:
    text = "\n".join(held)
    try:
        kept = without_words(text)
    except MalformedError:
        return
    assert len(kept.text.split("\n")) == len(text.split("\n"))
    assert all(new in {"", old} for old, new in zip(text.split("\n"), kept.text.split("\n"), strict=True))
