"""Structured files become trees within bounds, and differences are told by key path and line."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from countersign.domain.analysers.keys import changes, widened
from countersign.domain.analysers.structured import NotReadError, differing, read
from countersign.domain.analysers.tree import leaves


def differences(old: str, new: str, path: str = "values.yaml") -> list[tuple[str, str | None, str | None, int]]:
    return [(item.key, item.old, item.new, item.line) for item in changes(path, read(path, old), read(path, new))]


def test_values_are_told_by_key_path_and_line() -> None:
    old = "web:\n  replicas: 3\n  image: {tag: 1.2.3}\nlimits: {memory: 1Gi}\n"
    new = "web:\n  image: {tag: 1.2.4}\n  replicas: 0\nextra: [a]\n"
    assert differences(old, new) == [
        ("extra[0]", None, "a", 4),
        ("limits.memory", "1Gi", None, 4),
        ("web.image.tag", "1.2.3", "1.2.4", 2),
        ("web.replicas", "3", "0", 3),
    ]


def test_a_list_goes_by_names_where_all_have_one() -> None:
    old = "env:\n- {name: A, value: 1}\n- {name: B, value: 2}\n"
    new = "env:\n- {name: C, value: 3}\n- {name: A, value: 1}\n- {name: B, value: 9}\n"
    assert differences(old, new) == [
        ("env[B].value", "2", "9", 4),
        ("env[C].name", None, "C", 2),
        ("env[C].value", None, "3", 2),
    ]


def test_a_number_in_quotes_is_another_value() -> None:
    assert differences("a: 3\nb: yes\n", "a: '3'\nb: \"yes\"\n") == [("a", "3", '"3"', 1), ("b", "yes", '"yes"', 2)]


def test_json_and_toml_are_read_alike() -> None:
    assert differences('{"a": {"b": [1.50, null, true]}}', '{"a": {"b": [2, null, true]}}', "a.json") == [
        ("a.b[0]", "1.50", "2", 1)
    ]
    assert differences("[a]\nb = 1\n", "[a]\nb = 2024-01-01\n", "a.toml") == [("a.b", "1", "2024-01-01", 1)]


def test_a_manifest_goes_by_what_it_is() -> None:
    one = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {x: '1'}\n"
    other = one.replace("name: a", "name: b")
    assert differences(f"{one}---\n{other}", f"{other}---\n{one}") == []
    assert differences(one, one.replace("'1'", "two")) == [("ConfigMap a: data.x", '"1"', "two", 4)]


@pytest.mark.parametrize("key", ["Statement[0].Action", "rules[0].verbs[0]", "statement.actions[2]", "spec.rules[0].apiGroups[0]"])
@pytest.mark.parametrize("value", ["*", "s3:*"])
def test_a_permission_that_became_a_wildcard_is_a_signal(key: str, value: str) -> None:
    change = next(changes("iam.json", read("a.yaml", "x: 1"), read("a.yaml", "x: 2")))
    assert list(widened(type(change)("iam.json", 1, key, "s3:GetObject", value)))
    assert not list(widened(type(change)("iam.json", 1, key, "s3:*", "s3:GetObject")))
    assert not list(widened(type(change)("iam.json", 1, "metadata.labels.x", None, value)))


def test_documents_that_stay_are_left_out_and_lines_keep_their_numbers() -> None:
    one, two, three = "a: 1\nb: 2\n", "---\nc: 3\n", "---\nd: |\n  --- x\n"
    assert differing("a.yaml", one + two + three, three + "---\n" + one + "---\nc: 4\n") == (
        "\n\n---\nc: 3\n\n\n\n",
        "\n\n\n\n\n\n---\nc: 4\n",
    )
    assert differing("a.yaml", two + two, two) == ("\n\n---\nc: 3\n", "\n\n")
    assert differing("a.yaml", one, two) == (one, two)
    for whole in ("%YAML 1.2\n---\na: 1\n", "a: 1\n...\n---\nb: 1\n"):
        assert differing("a.yaml", whole, whole + two) == (whole, whole + two)
    assert differing("a.json", "{}", "{}") == ("{}", "{}")


@given(st.lists(st.sampled_from(["a: 1\n", "b: [1]\n", "c: |\n  x\n", "# d\n"]), max_size=5), st.data())
def test_leaving_out_what_stays_changes_no_difference(old: list[str], data: st.DataObject) -> None:
    new = data.draw(st.permutations([*old, "e: 5\n"]))
    texts = ["---\n".join(["x: 0\n", *side]) for side in (old, new)]
    cut = differing("a.yaml", *texts)
    assert [text.count("\n") for text in cut] == [text.count("\n") for text in texts]
    found = [[dict(leaves(document)) for document in read("a.yaml", text)] for text in cut]
    assert {value.text for document in found[1] for value in document.values()} >= {"5"}
    assert all(document.keys() <= {"", "e"} for document in found[1])
    assert all(document.keys() <= {""} for document in found[0])


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("a.yaml", "a: &a\n  b: *a\n"),
        ("a.yaml", "[" * 5000),
        ("a.yaml", "a: 1\na: 2\n"),
        ("a.yaml", "---\n" * 10_000),
        ("a.yaml", "x: 1\n" * 200_000),
        ("a.yaml", "x: {{ .Values.x }}\n"),
        ("a.yaml", "{{- if .Values.x }}\nx: 1\n{{- end }}\n"),
        ("a.yaml", "? [a, b]\n: 1\n"),
        ("a.yaml", "a: b: c\n"),
        ("a.yaml", "x: \x00\n"),
        ("a.json", "[" * 100_000),
        ("a.json", '{"a": 1, "a": 2}'),
        ("a.json", "{a: 1}"),
        ("a.json", "NaN"),
        ("a.toml", "a = " + "[" * 5000),
        ("a.yaml", f"? {'x' * 2000}\n: a: 1\n"),
        ("a.json", f'{{"{"x" * 2000}": 1}}'),
        ("a.toml", "a = 1\na = 2\n"),
        ("a.toml", "a." * 60_000 + "a = 1\n"),
        ("a.toml", "x = {" + "a." * 60_000 + "a = 1}\n"),
        ("a.toml", "[" + "a." * 60_000 + "a]\n"),
    ],
)
def test_what_has_no_one_meaning_or_no_end_is_not_read(path: str, text: str) -> None:
    with pytest.raises(NotReadError):
        read(path, text)


def test_what_is_common_in_the_wild_is_read() -> None:
    assert len(read("a.yaml", "- &a x\n- &a y\n")) == 1
    text = "%YAML 1.2\n---\nx: &x {a: !Ref b}\ny:\n  <<: *x\n  z: !vault |\n    secret\n---\n# nothing\n---\na: 1\n"
    assert [len(list(leaves(document))) for document in read("a.yml", text)] == [3, 1, 1]


@given(st.text(max_size=200), st.sampled_from(["a.yaml", "a.json", "a.toml"]))
def test_nothing_else_leaves_the_reader(text: str, path: str) -> None:
    try:
        documents = read(path, text)
    except NotReadError:
        return
    for document in documents:
        assert all(value.line >= 1 for _, value in leaves(document))
