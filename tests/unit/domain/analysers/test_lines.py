"""A line that stood in a block and stands there no more is gone, however the file is turned around it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from countersign.domain.analysers.contents import Sides
from countersign.domain.analysers.lines import removed

GUARD = "prevent_destroy = true"
MAIN = f"""\
resource "aws_db_instance" "main" {{
  name = "main"
  lifecycle {{
    {GUARD}
  }}
}}

resource "aws_db_instance" "other" {{
  name = "other"
}}
"""


def gone(new: str | None, old: str = MAIN, path: str = "main.tf") -> list[tuple[int, str]]:
    return [(line.line, line.text) for line in removed(Sides(path, old, new))]


def guard_gone(new: str, old: str = MAIN, path: str = "main.tf") -> bool:
    return any(GUARD in text for _, text in gone(new, old, path))


def test_the_place_in_the_old_file_is_told() -> None:
    assert gone(MAIN.replace(f"    {GUARD}\n", "")) == [(4, GUARD)]


def test_a_file_that_goes_takes_its_lines_along_and_a_new_one_takes_none() -> None:
    assert (4, GUARD) in gone(None)
    assert list(removed(Sides("main.tf", None, MAIN))) == []


@pytest.mark.parametrize(
    "new",
    [
        MAIN,
        MAIN.replace(GUARD, "prevent_destroy    =   true # keep it"),
        MAIN.replace("  ", "\t"),
        MAIN.replace(GUARD, "prevent_destroy=true"),
        MAIN.replace('name = "main"', 'name = "renamed"\n  tags = {\n    a = "b"\n  }'),
        "\n".join(reversed(MAIN.split("\n\n"))),
        MAIN.replace(f"    {GUARD}", f"    ignore_changes = [\n      tags,\n    ]\n    {GUARD}"),
        f"# a comment\n\n{MAIN}",
        MAIN.replace("\n", "\r\n"),
        MAIN + 'resource "x" "y" {\n  policy = "arn:aws:s3:::bucket/*"\n}\n',
    ],
)
def test_what_stays_is_not_gone(new: str) -> None:
    assert not guard_gone(new)


@pytest.mark.parametrize(
    "new",
    [
        MAIN.replace(GUARD, f"# {GUARD}"),
        MAIN.replace(GUARD, f"// {GUARD}"),
        MAIN.replace(GUARD, f"/* {GUARD} */"),
        MAIN.replace("  lifecycle {", "  /*\n  lifecycle {").replace(GUARD + "\n  }", GUARD + "\n  }\n  */"),
        MAIN.replace(GUARD, "prevent_destroy = false"),
        MAIN.replace(GUARD, "prevent_destroy\u00a0= true"),
        MAIN.replace(GUARD, "prevent_destroy = tru\u200be"),
        MAIN.replace(f"  lifecycle {{\n    {GUARD}\n  }}\n", "").replace(
            '"other"\n', f'"other"\n  lifecycle {{\n    {GUARD}\n  }}\n'
        ),
        MAIN.replace("  lifecycle {", "  note = <<EOT\n  lifecycle {").replace(GUARD + "\n  }", GUARD + "\n  }\nEOT"),
        "\n".join(line.strip() for line in MAIN.replace(f"    {GUARD}\n", "").split("\n")) + f"\n{GUARD}\n",
    ],
)
def test_what_only_seems_to_stay_is_gone(new: str) -> None:
    assert guard_gone(new)


@pytest.mark.parametrize(
    "hidden",
    [
        f'create_before_destroy = "${{ "}}" == "" ? true : /*\n    {GUARD}\n    */ true}}"',
        f'create_before_destroy = "${{ "}}" == "" ? true : /*\n    }}\n    {GUARD}\n    {{ */ true}}"',
        f'create_before_destroy = "${{ /* }} "\n    {GUARD}\n    */ true}}"',
        f'create_before_destroy = "${{ # }} "\n    true}}" /*\n    {GUARD}\n    */',
        f'create_before_destroy = "$${{" == "${{ /*}}"\n    {GUARD}\n    */ true}}"',
        f'create_before_destroy = "%{{ if true /* }} "\n    {GUARD}\n    */ }}%{{ endif }}"',
        f'create_before_destroy = "\\"${{ /* }} "\n    {GUARD}\n    */ true}}"',
        f'create_before_destroy = "${{ {{ a = "}}}}"\n    {GUARD}\n    }}["a"] }}"',
    ],
)
def test_an_expression_in_a_string_hides_nothing(hidden: str) -> None:
    """HCL lets one go over lines and hold comments and strings of its own; the braces in those can be made to match."""
    assert guard_gone(MAIN.replace(GUARD, hidden))


@pytest.mark.parametrize(
    "before",
    [
        'arn = "arn:aws:s3:::${var.bucket}/*"',
        'a = "${lookup(var.a, "x")}" # it is "there',
        'a = "${\n    var.b  # "\n  }"',
        'a = "https://${var.host}//x"',
        'a = "$${ /* }"',
        'a = "\\"${var.b["{}"]}\\" /*"',
        'a = "%{ if var.b == "/*" }x%{ endif }"',
    ],
)
def test_what_stands_before_takes_nothing_along(before: str) -> None:
    assert not guard_gone(MAIN.replace("  lifecycle {", f"  {before}\n  lifecycle {{"))


@pytest.mark.parametrize(
    ("before", "after", "stays"),
    [
        ('  x: "', '  "', False),
        ("  x: '", "  '", False),
        ('  x: ["', '  "]', False),
        ("  x: it's", "  y: don't", True),
        ("  # don't say \"", '  y: "a # b"', True),
        ('  x: "a\n    b"', "  y: 'a''b'", True),
        ('  x: "a \\"', '    b"', True),
    ],
)
def test_a_string_of_yaml_hides_nothing(before: str, after: str, stays: bool) -> None:
    """Its readers do not mind how the lines of a string are indented."""
    old = "notes:\n  policy: keep\n"
    new = f"notes:\n{before}\n  policy: keep\n{after}\n"
    if before.endswith('\\"'):
        new = f"notes:\n{before}\n{after}\n  policy: keep\n"
    assert (gone(new, old, "a.yaml") == []) is stays


def test_a_line_that_stood_in_a_comment_was_never_there() -> None:
    assert gone("", old=f"# {GUARD}\n/* {GUARD}\n{GUARD} */\n") == []


def test_yaml_goes_by_its_indentation() -> None:
    old = "a:\n  keep: true\nb:\n  keep: false\n"
    assert gone("b:\n  keep: false\na:\n  keep: true\n", old, "x.yaml") == []
    assert gone("a:\n  keep: false\nb:\n  keep: true\n", old, "x.yaml") == [(2, "keep: true"), (4, "keep: false")]


@given(
    st.lists(
        st.sampled_from(["a {", "}", "  b", "b", "/*", "*/", "<<X", "X", '"/*"', "# c", "]", "((", '"${', '"', '}"', "'"]),
        max_size=30,
    )
)
def test_the_same_file_lost_nothing_and_an_empty_one_everything(lines: list[str]) -> None:
    text = "\n".join(lines)
    assert gone(text, text) == []
    assert len(gone("", text)) == len(gone(None, text))


@given(st.lists(st.sampled_from(["a {", "}", "  b", "b", "/*", "*/", "<<X", "X"]), max_size=12), st.integers(0, 12))
def test_whatever_is_put_in_or_taken_out_a_guard_that_goes_is_told(lines: list[str], place: int) -> None:
    new = "\n".join([*lines[:place], *lines[place:]])
    assert guard_gone(new, old=MAIN)
