"""What structured files of a change may cost is counted over all of them: beyond it none is parsed, and each is named."""

import pytest

from countersign.domain.analysers.bounds import MOST_PARTS, Allowance, NotReadError
from countersign.domain.analysers.structured import read
from countersign.domain.analysis import analyse
from countersign.domain.facts import Facts, FileChange, FileStatus
from tests.builders import blob

PARTS = 1_000
UNFOLDS = """\
a: &a [x,x,x,x,x,x,x,x,x,x]
b: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]
c: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]
d: [*c,*c,*c,*c,*c]
"""
"""A file of 130 characters and some 8,000 values."""

DENSE = {
    "a.yaml": "[" + "a," * PARTS + "]",
    "b.yaml": "- - - - -\n" * PARTS,
    "c.yaml": "".join(f"{number}:\n" for number in range(PARTS)),
    "d.yaml": UNFOLDS,
    "e.json": "[" + "1," * PARTS + "1]",
    "f.toml": "a = [" + "[]," * PARTS + "]",
}


def analysed(texts: dict[str, str]) -> Facts:
    files = [FileChange(path, FileStatus.ADDED, None, blob(text), added=1) for path, text in texts.items()]
    return analyse(files, {blob(text): text.encode() for text in texts.values()})


@pytest.mark.parametrize("path", DENSE)
def test_a_file_of_many_values_uses_up_what_is_allowed(path: str) -> None:
    allowance = Allowance(PARTS)
    with pytest.raises(NotReadError, match="part of a change with more than"):
        read(path, DENSE[path], None, allowance)
    assert allowance.used_up
    read(path, DENSE[path])


def test_what_one_file_uses_another_has_not() -> None:
    allowance = Allowance(PARTS)
    text = "- a\n" * (PARTS // 4)
    read("a.yaml", text, None, allowance)
    with pytest.raises(NotReadError):
        read("b.yaml", text, None, allowance)


def test_files_that_are_small_and_unfold_into_too_much_together_are_not_parsed_at_all() -> None:
    """Each is within the bounds of a file. A change of 2 MiB holds thousands of them, which filled the memory."""
    texts = {f"a/{number}.yaml": f"n: {number}\n{UNFOLDS}" for number in range(MOST_PARTS // 5_000)}
    facts = analysed({**texts, "b.json": '{"a": 1}'})
    assert {item.path for item in facts.unparsed} == {*texts, "b.json"}
    assert {signal.path for signal in facts.signals} == {*texts, "b.json"}
    assert not facts.keys


def test_what_is_not_looked_at_is_no_template() -> None:
    """Otherwise much else in the change would hide what a rule asks of a manifest with two braces in a note."""
    texts = {f"a/{number}.yaml": f"n: {number}\n{UNFOLDS}" for number in range(MOST_PARTS // 5_000)}
    noted = "apiVersion: v1\nkind: Service\nmetadata: {name: a, annotations: {note: '{{ x }}'}}\n"
    assert "b.yaml" in {item.path for item in analysed({**texts, "b.yaml": noted}).unparsed}
    assert not analysed({"b.yaml": noted}).unparsed


def test_a_change_of_the_usual_kind_is_parsed_whole() -> None:
    assert not analysed({f"a/{number}.yaml": f"n: {number}\n{UNFOLDS}" for number in range(3)}).unparsed


def test_more_text_than_can_be_compared_is_not_compared_at_all() -> None:
    same = f"{'x' * 99}\n" * 14_000
    old, new = f"a\n{same}", f"b\n{same}"
    texts = {f"{number}.txt": (f"{number}\n{old}", f"{number}\n{new}") for number in range(3)}
    files = [FileChange(path, FileStatus.MODIFIED, blob(a), blob(b), added=1) for path, (a, b) in texts.items()]
    facts = analyse(files, {blob(text): text.encode() for pair in texts.values() for text in pair})
    assert facts.removed == ()
    assert [item.path for item in facts.unread] == list(texts)


def test_signals_without_end_are_counted_to_a_thousand() -> None:
    found = analysed({"a.md": "a\u200bb\n" * 100_000}).signals
    assert len(found) == 51
    assert any(signal.detail == "and at least 950 more lines" for signal in found)
