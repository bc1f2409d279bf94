"""All facts of a change together: what is read, what is missing, and that nothing depends on order."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from countersign.domain.analysers import signals
from countersign.domain.analysers.contents import LARGEST, MOST_BYTES, blobs_of, to_read
from countersign.domain.analysis import analyse
from countersign.domain.facts import Act, Facts, Kind
from countersign.domain.ids import Sha
from tests.builders import blob
from tests.support.analysed import CLAIM, analysed, change


def kinds(facts: Facts) -> set[str]:
    return {signal.kind for signal in facts.signals}


def test_every_analyser_is_asked() -> None:
    facts = analysed(
        {
            "db/x.sql": (None, "DROP TABLE t;"),
            "deploy/pvc.yaml": (CLAIM, None),
            "deploy/values.yaml": ("replicas: 3\n", "replicas: 0\n"),
            "main.tf": ("prevent_destroy = true\n", "\n"),
            "README.md": ("a\n", "a\u202e\n"),
            "uv.lock": ("a", "b"),
        }
    )
    assert {(item.act, item.kind) for item in facts.effects} == {(Act.DELETES, "table"), (Act.DELETES, "PersistentVolumeClaim")}
    assert {(item.key, item.old, item.new) for item in facts.keys} >= {("replicas", "3", "0")}
    assert ("main.tf", "prevent_destroy = true") in {(item.path, item.text) for item in facts.removed}
    assert kinds(facts) == {signals.HIDDEN, signals.FOLDED}
    assert facts.unclear == facts.unread == facts.unparsed == ()


def test_an_entry_that_leaves_a_kustomization_is_told() -> None:
    old = "resources:\n- ./pvc.yaml\n- web.yaml\ncomponents: [../c]\n"
    path = "deploy/kustomization.yaml"
    assert kinds(analysed({path: (old, "resources: [web.yaml, pvc.yaml, more.yaml]\ncomponents: [../c/]\n")})) == set()
    facts = analysed({path: (old, "resources: [web.yaml]\ncomponents: [../c]\n")})
    assert [(item.kind, item.detail) for item in facts.signals] == [(signals.UNAPPLIED, "'pvc.yaml' is gone from resources")]
    assert len(analysed({path: (old, None)}).signals) == 3
    assert kinds(analysed({"deploy/values.yaml": (old, "a: 1\n")})) == set()


def test_an_object_may_move_between_files_of_a_folder() -> None:
    assert analysed({"a/x.yaml": (CLAIM, None), "a/y.yaml": (None, CLAIM)}).effects == ()
    assert analysed({"a/x.yaml": (CLAIM, None), "b/y.yaml": (None, CLAIM)}).effects != ()


def test_templates_of_any_ending_lose_objects() -> None:
    template = f"{{{{- if x }}}}\n{CLAIM}{{{{- end }}}}\n"
    assert [item.kind for item in analysed({"t/pvc.yaml.j2": (template, "")}).effects] == ["PersistentVolumeClaim"]
    assert analysed({"t/pvc.yaml.j2": (template, f"# x\n{template}")}).effects == ()


def test_a_template_that_joins_others_in_a_file_is_one_too() -> None:
    old = "a: {{ .Values.a }}\n"
    facts = analysed({"t/x.yaml": (old, f"{old}---\nb: {{{{ .Values.b }}}}\n")})
    assert facts.unparsed == ()
    assert kinds(facts) == {signals.UNPARSED}
    mixed = analysed({"t/x.yaml": (f"{old}---\n{CLAIM}", f"{old}---\n{CLAIM}}}}}\n")})
    assert [item.path for item in mixed.unparsed] == ["t/x.yaml"]


def test_a_plan_belongs_to_its_directory() -> None:
    plan = {"format_version": "1.2", "resource_changes": [{"type": "aws_vpc", "address": "x", "change": {"actions": ["delete"]}}]}
    facts = analyse([], {}, plans={"infra/shop": json.dumps(plan).encode(), "infra/bad": b"{}"})
    assert [(item.kind, item.path) for item in facts.effects] == [("aws_vpc", "infra/shop")]
    assert [item.path for item in facts.unclear] == ["infra/bad"]
    assert facts.planned == ("infra/bad", "infra/shop")


@pytest.mark.parametrize(
    ("old", "new", "broken"),
    [
        ("a: {{ .Values.a }}\n", "a: {{ .Values.b }}\n", False),
        (None, "{{- if x }}\na: 1\n{{- end }}\n", False),
        ("a: {{ .Values.a }}\n", None, False),
        ("a: 1\n", "a: {{ .Values.a }}\n", True),
        ("a: 1\n", "a: b: c\n", True),
        ("a: '{{ x }}'\n", "a: {{ x }}\n", True),
        ("a: {{ .Values.a }}\n", "a: 1\n", False),
        (None, "a: b: c\n", True),
    ],
)
def test_a_template_is_not_expected_to_parse_and_other_files_are(old: str | None, new: str | None, broken: bool) -> None:
    facts = analysed({"a/x.yaml": (old, new)})
    assert kinds(facts) == {signals.UNPARSED}
    assert bool(facts.unparsed) is broken
    assert facts.unclear == ()


def test_a_content_that_cannot_be_had_is_told_and_sql_without_it_refuses() -> None:
    facts = analyse([change("a.txt", None, "x"), change("b.sql", None, "y"), change("c.sql", "z", None)], {})
    assert [item.path for item in facts.unread] == ["a.txt", "b.sql", "c.sql"]
    assert [item.path for item in facts.unclear] == ["b.sql"]
    assert kinds(facts) == {signals.UNREAD}


def test_what_was_text_and_is_none_is_unread_and_an_image_is_not() -> None:
    contents = {blob("\0png"): b"\0png", blob("text"): b"text", blob("\0new"): b"\0new"}
    files = [
        change("a.png", "\0png", "\0new", Kind.BINARY),
        change("b.png", None, "\0new", Kind.BINARY),
        change("c.tf", "text", "\0new", Kind.BINARY),
        change("d", "text", "text", Kind.SYMLINK),
        change("e", "text", "text", Kind.SYMLINK, Kind.MODE_CHANGE),
    ]
    facts = analyse(files, contents)
    assert [item.path for item in facts.unread] == ["c.tf", "e"]
    assert facts.signals == ()  # their kinds are facts already


def test_text_of_another_encoding_is_unread() -> None:
    facts = analyse([change("a.txt", None, "x")], {blob("x"): b"one\ngr\xf6\xdfe\n"})
    assert [(item.path, item.line, item.why) for item in facts.unread] == [("a.txt", 2, "is not UTF-8 text")]


def test_all_is_read_or_nothing() -> None:
    files = [change(f"{number}.txt", None, str(number)) for number in range(10)]
    sizes = dict.fromkeys(blobs_of(files), LARGEST)
    assert to_read(files, sizes) == frozenset()
    few = files[: MOST_BYTES // LARGEST]
    assert to_read(few, sizes) == blobs_of(few)
    assert to_read(few, sizes | {blob("0"): LARGEST + 1}) == blobs_of(few) - {blob("0")}
    assert blobs_of([change("a", "b", "c", Kind.SUBMODULE)]) == frozenset()


def test_of_many_signals_some_are_told_and_the_others_counted() -> None:
    facts = analysed({f"{number}.md": (None, f"{number}\u200b") for number in range(600)})
    assert len(facts.signals) == 501
    assert any(signal.detail == "and 100 more signals" for signal in facts.signals)


def test_attributes_without_end_fold_everything() -> None:
    files: dict[str, tuple[str | None, str | None]] = {"x.py": ("a\n", "b\n")}
    assert kinds(analysed(files, attributes="y.py linguist-generated\n" * 600)) == {signals.FOLDED}


def test_the_attributes_of_the_branch_and_of_the_change_count() -> None:
    files: dict[str, tuple[str | None, str | None]] = {"gen/x.py": ("a\n", "b\n")}
    assert kinds(analysed(files)) == set()
    assert kinds(analysed(files, attributes="gen/* linguist-generated\n")) == {signals.FOLDED}
    assert kinds(analysed(files | {".gitattributes": (None, "gen/* linguist-generated\n")})) == {signals.FOLDED}


@given(st.permutations(["a.sql", "b.yaml", "c.md", "d.tf", "e.json"]))
def test_the_order_of_the_files_does_not_matter(order: list[str]) -> None:
    texts = {"a.sql": "DROP TABLE a, b;", "b.yaml": CLAIM, "c.md": "\u200b", "d.tf": "x", "e.json": '{"a": 1}'}
    contents: dict[Sha, bytes] = {blob(text): text.encode() for text in [*texts.values(), "{}"]}
    files = [change(path, None if path.endswith("sql") else "{}", texts[path]) for path in order]
    assert analyse(files, contents) == analyse(sorted(files, key=lambda file: file.path), contents)
