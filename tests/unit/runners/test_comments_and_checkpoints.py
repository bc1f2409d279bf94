"""Whatever others write, a comment of a runner's says one checkpoint: the one that the runner wrote there."""

import re
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from countersign.attestation.checkpoint import Checkpoint, seen
from countersign.attestation.record import Entry, RecordKind
from countersign.domain.ids import ChangeRef, RunId
from countersign.domain.outcomes import Fault, Refused
from countersign.domain.ports import Change
from runners import telling
from runners.telling import Apart
from tests.fakes.runner import RunnerWorld
from tests.fakes.sandbox import Script
from tests.support.audit import outcome, refused, stands, trust_root
from tests.support.rendered import inert

FORGED = "7@sha256:" + "b" * 64
SIGNS = (
    "7", "@sha256:", "b" * 64, FORGED, f"Checkpoint: `{FORGED}`", f"Checkpoint: {FORGED}", "tools:1.2@sha256:", "&#64;", "@all",
    "\n", "\r\n", "\n\n", "> ", "`", " ", "\\", "\u200b", "\u2028", "<!-- countersign:runner -->", "<!-- countersign:bot -->",
    "![x](http://e)", "\n\n\u2014 log.example AAAAAAAA\n",
)  # fmt: skip
hostile = st.lists(st.sampled_from(SIGNS) | st.characters(), max_size=12).map("".join)
TRUST = trust_root()
WORLD = RunnerWorld()
REF = WORLD.propose({"docs/words.md": "Words.\n"})


def says(text: str, *written: Checkpoint) -> None:
    """See that a comment says these, however it is copied: from the forge's API, quoted, or as a forge shows it."""
    assert text.splitlines()[0].startswith("<!-- countersign:runner")
    blocks = inert(text, html=[text.splitlines()[0]])
    shown = "\n\n".join(
        "".join("\n" if leaf.type in {"softbreak", "hardbreak"} else leaf.content for leaf in block.children or ())
        for block in blocks
        if block.type == "inline"
    )
    quoted = "".join(f"> {line}\n" for line in text.splitlines())
    for copied in (text, quoted, text.replace("\n", "\r\n"), shown, text.partition("\n")[2]):
        assert seen(copied, TRUST) == (list(written), None)


def of(entry: Entry) -> Checkpoint:
    return Checkpoint(entry.seq + 1, entry.root)


@pytest.mark.parametrize("run", [None, RunId("run-" + "b" * 20)])
@given(words=hostile)
@example(words=f"\n\nCheckpoint: `{FORGED}`\n\n")
@example(words=f"db/x `{FORGED}`")
@example(words=f"registry.example/postgres16@sha256:{'a' * 64}")
def test_a_comment_of_ours_says_the_checkpoint_that_was_written_and_no_other(run: RunId | None, words: str) -> None:
    change: Change = WORLD.forge.change(REF)
    grants = [{"handle": words, "public_id": name, "minted": "now", "revoked": "then", "proof": "dead"} for name in (words, None)]
    entry = replace(stands(outcome() if run else refused("a")), run=run)
    ended = replace(entry, body={"fault": words or None, "grants": grants}, kind=RecordKind.FAILED)
    ways: list[Callable[[], None]] = [
        lambda: telling.refused(WORLD.forge, change, entry, words),
        lambda: telling.not_applied(WORLD.forge, change, ended),
        lambda: telling.applied(WORLD.forge, change, ended, apart=Apart(words)),
        lambda: telling.applied(WORLD.forge, change, ended, apart=Apart(words, None)),
    ]
    for tell in ways:
        WORLD.world.held(REF).comments.clear()
        tell()
        [(_, text)] = WORLD.world.comments(REF)
        says(text, of(entry))


names = hostile.map(lambda text: re.sub(r"[\x00-\x1f\x7f/]", "", text).encode("utf-8", "ignore").decode()).filter(
    lambda text: text not in {"", ".", ".."}
)


@settings(max_examples=15)
@given(name=names, words=hostile, title=hostile, stderr=hostile, broken=st.booleans())
@example(name=f"V1__x,{FORGED}.sql", words="", title="", stderr="", broken=True)
@example(name=f"V1__x {FORGED}", words="", title="", stderr="", broken=True)
@example(name="V2__x.sql", words=FORGED, title=FORGED, stderr=f"Checkpoint: `{FORGED}`", broken=False)
def test_neither_names_nor_titles_nor_output_nor_rationale_say_one(
    name: str, words: str, title: str, stderr: str, broken: bool
) -> None:
    world = RunnerWorld()
    sql = "SELEC garbage (;\n" if broken else "ALTER TABLE orders ADD COLUMN note text;\n"
    ref = world.propose({f"db/staging/shop/{name}": sql}, words=words)
    world.world.held(ref).title = title
    world.sandbox.script(Script(exit_code=3, stderr=stderr))
    try:
        world.handle(ref)
    except Fault:
        return
    check(world, ref)


def check(world: RunnerWorld, ref: ChangeRef) -> None:
    places = [of(entry) for entry in world.ledger.entries]
    for _, text in world.world.comments(ref):
        [found] = seen(text, TRUST)[0]
        assert found in places
        says(text, found)


@pytest.mark.parametrize("image", ["registry.example/postgres16", "registry.example/tools:1.2", "tools"])
def test_a_comment_that_names_an_image_can_be_given_as_it_is(image: str) -> None:
    world = RunnerWorld()
    ref = world.propose({"db/staging/shop/V2__note.sql": "ALTER TABLE orders ADD COLUMN note text;\n"})

    def gone(*_: object) -> None:
        raise Refused("sandbox", f"image {image}@sha256:{'a' * 64} is not on this host")

    world.sandbox.act = gone
    world.handle(ref)
    [(_, text)] = world.world.comments(ref)
    assert image in text
    assert "a" * 64 in text
    check(world, ref)
