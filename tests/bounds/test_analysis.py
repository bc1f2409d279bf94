"""Changes that are larger than what is looked at: nothing of them is believed, and nothing takes long."""

from countersign.domain.analysers.contents import MOST_FILES
from countersign.domain.analysis import analyse
from tests.builders import file_change
from tests.support.analysed import CLAIM, analysed


def test_a_large_file_of_many_documents_costs_what_changes_in_it() -> None:
    documents = "".join(f"---\n{CLAIM.replace(': data', f': data-{number}')}# {'x' * 1000}\n" for number in range(2000))
    facts = analysed({"a/all.yaml": (documents, documents.replace("name: data-7}", "name: other}"))})
    assert facts.unparsed == ()
    assert [(item.kind, item.name, item.line) for item in facts.effects] == [("PersistentVolumeClaim", "data-7", 37)]


def test_too_many_files_refuse_whatever_they_are() -> None:
    many = [file_change(f"docs/{number}.md") for number in range(MOST_FILES + 1)]
    assert analyse(many, {}).unclear
    assert not analyse(many[1:], {}).unclear


def test_much_sql_refuses_all_of_it() -> None:
    text = "-- " + "x" * 250_000 + "\n"
    files = {f"db/{number}.sql": (None, f"{text}SELECT {number};\n") for number in range(5)}
    assert {item.path for item in analysed(files).unclear} == set(files)


def test_much_yaml_is_not_parsed_at_all() -> None:
    text = "# " + "x" * 500_000 + "\n"
    files = {f"a/{number}.yaml": (None, f"{text}a: {number}\n") for number in range(5)}
    assert {item.path for item in analysed(files).unparsed} == set(files)


def test_more_removed_lines_than_can_be_told_are_not_compared_at_all() -> None:
    many = "\n".join(map(str, range(60_000)))
    facts = analysed({"a.txt": (many, ""), "b.tf": ("x\n", "")})
    assert facts.removed == ()
    assert [item.path for item in facts.unread] == ["a.txt", "b.tf"]
