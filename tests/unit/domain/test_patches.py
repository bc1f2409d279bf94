"""Diffs read strictly and applied exactly: laws against difflib, and one case for each way to be refused."""

import difflib
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from countersign.domain.patches.apply import apply_hunks
from countersign.domain.patches.model import Bounds, FilePatch, Mode, PatchError
from countersign.domain.patches.reader import read_diff

LINES = st.lists(
    st.sampled_from(["a\n", "b\n", "c\n", "\n", " x\n", "-x\n", "+x\n", "--- a/f\n", "@@ -1 +1 @@\n", "\\ odd\n", "\r\n"]),
    max_size=14,
)
TEXTS = st.builds(lambda lines, last: "".join(lines) + last, LINES, st.sampled_from(["", "", "no newline"]))


def as_lines(text: str) -> list[str]:
    """Split at newlines alone; a last line without one gets a mark that `unified` turns into git's remark."""
    parts = text.split("\n")
    return [part + "\n" for part in parts[:-1]] + ([parts[-1] + "\0\n"] if parts[-1] else [])


def unified(old: str, new: str, *, context: int = 3, name: str = "f") -> bytes:
    body = "".join(difflib.unified_diff(as_lines(old), as_lines(new), f"a/{name}", f"b/{name}", n=context))
    return body.replace("\0\n", "\n\\ No newline at end of file\n").encode()


@given(old=TEXTS, new=TEXTS, context=st.integers(0, 4))
def test_what_difflib_says_is_what_is_made(old: str, new: str, context: int) -> None:
    if old == new:
        return
    (patch,) = read_diff(unified(old, new, context=context))

    assert (patch.old, patch.new) == ("f", "f")
    assert apply_hunks(patch, old.encode()) == new.encode()


@given(old=TEXTS, new=TEXTS, other=TEXTS)
def test_to_another_base_it_applies_to_the_letter_or_not_at_all(old: str, new: str, other: str) -> None:
    if old == new:
        return
    (patch,) = read_diff(unified(old, new, context=100))
    made, hunk = None, patch.hunks[0]
    with suppress(PatchError):
        made = apply_hunks(patch, other.encode())
    if made is not None:
        lines = [line + b"\n" for line in other.encode().split(b"\n")]
        whole = b"".join([*lines[: hunk.start], *hunk.new, *lines[hunk.start + len(hunk.old) :]])
        assert made in {whole, whole.removesuffix(b"\n")}


@given(st.binary(max_size=300))
def test_no_bytes_make_the_reader_fall_over(data: bytes) -> None:
    for text in (data, b"--- a/f\n+++ b/f\n" + data, b"diff --git a/f b/f\n" + data, b"--- a/f\n+++ b/f\n@@ -1 +1 @@\n" + data):
        with suppress(PatchError):
            assert all(patch.path for patch in read_diff(text))


def one(text: str) -> FilePatch:
    (patch,) = read_diff(text.encode())
    return patch


def test_a_new_file_a_deletion_and_a_mode() -> None:
    new = one(
        "diff --git a/x.sh b/x.sh\nnew file mode 100755\nindex 0000000..1111111\n--- /dev/null\n+++ b/x.sh\n@@ -0,0 +1 @@\n+hi\n"
    )
    gone = one("diff --git a/x b/x\ndeleted file mode 100644\nindex 1111111..0000000\n--- a/x\n+++ /dev/null\n@@ -1 +0,0 @@\n-hi\n")
    mode = one("diff --git a/x b/x\nold mode 100644\nnew mode 100755\n")
    empty = one("diff --git a/x b/x\nnew file mode 100644\nindex 0000000..e69de29\n")

    assert (new.old, new.new, new.new_mode, apply_hunks(new, b"")) == (None, "x.sh", Mode.EXECUTABLE, b"hi\n")
    assert (gone.old, gone.new, apply_hunks(gone, b"hi\n")) == ("x", None, b"")
    assert (mode.old, mode.new, mode.old_mode, mode.new_mode, mode.hunks) == ("x", "x", Mode.REGULAR, Mode.EXECUTABLE, ())
    assert (empty.old, empty.new, apply_hunks(empty, b"")) == (None, "x", b"")


def test_a_rename_with_and_without_hunks() -> None:
    head = "diff --git a/old name b/new name\nsimilarity index 90%\nrename from old name\nrename to new name\n"
    moved = one(head)
    changed = one(head + "index 1111111..2222222 100644\n--- a/old name\t\n+++ b/new name\t\n@@ -1 +1 @@\n-a\n+b\n")

    assert (moved.old, moved.new, moved.hunks) == ("old name", "new name", ())
    assert (changed.old, changed.new, changed.old_mode) == ("old name", "new name", Mode.REGULAR)


def test_quoted_names() -> None:
    name = '/\\303\\274\\"q\\""'
    patch = one(f'diff --git "a{name} "b{name}\n--- "a{name}\n+++ "b{name}\n@@ -1 +1 @@\n-a\n+b\n')

    assert patch.path == 'ü"q"'


def test_several_files_with_blank_lines_between() -> None:
    files = read_diff(unified("a\n", "b\n", name="x") + b"\n\n" + unified("a\n", "b\n", name="y"))

    assert [file.path for file in files] == ["x", "y"]


HUNK = "@@ -1 +1 @@\n-a\n+b\n"
PLAIN = "--- a/f\n+++ b/f\n"


@pytest.mark.parametrize(
    ("text", "why", "line"),
    [
        ("", "empty", None),
        ("\n \n", "empty", None),
        ("Here is the diff:\n" + PLAIN + HUNK, "beginning of a file", 1),
        (PLAIN, "expected a hunk", 1),
        ("--- a/f\n" + HUNK, r"expected '\+\+\+", 2),
        (PLAIN + HUNK + "+c\n", "beginning of a file", 6),
        (PLAIN + "@@ -1 +1 @@ \n-a\n", "ends before", 4),
        (PLAIN + "@@ -1,2 +1 @@\n-a\n+b\n", "ends before", 5),
        (PLAIN + "@@ -1 +1,2 @@\n-a\n-b\n", "counts", 5),
        (PLAIN + "@@ -1 +1 @@\n-a\n*b\n", "begins with", 5),
        (PLAIN + "@@ -1 +1 @@\n a\n", "changes nothing", 4),
        (PLAIN + "@@ -0 +1 @@\n-a\n+b\n", "counted from 1", 3),
        (PLAIN + "@@ -1 +1\n-a\n+b\n", "of the form", 3),
        (PLAIN + "@@ -1,99999999999 +1 @@\n-a\n", "of the form", 3),
        (PLAIN + HUNK + PLAIN + HUNK, "names the path twice", 6),
        ("--- f\n+++ f\n" + HUNK, "begin with a/", 1),
        ("--- a/../f\n+++ b/../f\n" + HUNK, r"'\.\.'", 1),
        ("--- a//etc/passwd\n+++ b//etc/passwd\n" + HUNK, "absolute", 1),
        ("--- a/.git/config\n+++ b/.git/config\n" + HUNK, "into .git", 1),
        ("--- a/x/.GIT./hooks\n+++ b/x/.GIT./hooks\n" + HUNK, "into .git", 1),
        ("--- a/f\u202e\n+++ b/f\u202e\n" + HUNK, "invisible", 1),
        ("--- a/f\n+++ b/g\n" + HUNK, "rename from", 3),
        ("--- /dev/null\n+++ /dev/null\n" + HUNK, "rename from", 3),
        ('--- "a/\\377"\n+++ "b/\\377"\n' + HUNK, "UTF-8", 1),
        ("diff --git a/f b/f\n", "does nothing", 1),
        ("diff --git a/f b/f\nold mode 100644\nnew mode 100644\n", "does nothing", 1),
        ("diff --git a/f b/g\n", "told apart", 1),
        ("diff --git a/f b/f\nnew file mode 120000\n--- /dev/null\n+++ b/f\n@@ -0,0 +1 @@\n+/etc\n", "symlinks", 2),
        ("diff --git a/f b/f\nindex 1111111..2222222 120000\n" + PLAIN + HUNK, "symlinks", 2),
        ("diff --git a/f b/f\nnew file mode 160000\n--- /dev/null\n+++ b/f\n@@ -0,0 +1 @@\n+x\n", "submodules", 2),
        ("diff --git a/f b/f\nnew file mode 100600\n", "neither", 2),
        ("diff --git a/f b/g\ncopy from f\ncopy to g\n", "copies", 2),
        ("diff --git a/f b/f\nGIT binary patch\nliteral 1\n", "binary", 2),
        ("diff --git a/f b/f\nindex 1111111..2222222\nBinary files a/f and b/f differ\n", "binary", 3),
        ("diff --git a/f b/f\n--- a/g\n+++ b/g\n" + HUNK, "disagree", 4),
        ("diff --git a/f b/f\nnew file mode 100644\n" + PLAIN + HUNK, "disagree", 5),
        ("diff --git a/f b/g\nrename from f\n", "both", 2),
        ("diff --git a/f b/f\nrename from g\nrename to h\n", "disagree", 3),
        ("diff --git a/f b/g\nrename from ../f\nrename to g\n", r"'\.\.'", 2),
        (PLAIN + "@@ -1 +1 @@\n-a\n+\0b\n", "NUL", 5),
    ],
)  # fmt: skip
def test_refused(text: str, why: str, line: int | None) -> None:
    with pytest.raises(PatchError, match=why) as refused:
        read_diff(text.encode())
    assert refused.value.line == line


def test_where_a_hunk_does_not_fit_is_told() -> None:
    text = PLAIN + "@@ -1 +1 @@\n-a\n+b\n@@ -3,2 +3,2 @@\n c\n-x\n+y\n"

    with pytest.raises(PatchError) as refused:
        apply_hunks(one(text), b"a\n\nc\nd\n")

    error = refused.value
    assert (error.file, error.hunk, error.line) == ("f", 2, 6)
    assert (
        str(error)
        == "'f', hunk 2, line 6 of the diff: line 4 of the file is another one at the base; make the diff against that commit"
    )


@pytest.mark.parametrize(
    ("text", "base", "why"),
    [
        (PLAIN + "@@ -3 +3 @@\n-a\n+b\n", b"a\n", "reaches to line 3"),
        (PLAIN + "@@ -4,0 +5 @@\n+b\n", b"a\n", "reaches to line 4"),
        (PLAIN + "@@ -2 +2 @@\n-b\n+c\n" + HUNK, b"a\nb\n", "does not come after"),
        (PLAIN + HUNK, b"a", "another one"),
        (PLAIN + "@@ -1 +1 @@\n-a\n+b\n\\ No newline at end of file\n", b"a\nb\n", "followed by"),
        (PLAIN + HUNK, b"a\n\0\n", "binary"),
        ("--- a/f\n+++ /dev/null\n@@ -1 +0,0 @@\n-a\n", b"a\nb\n", "leaves lines"),
    ],
)
def test_what_does_not_fit(text: str, base: bytes, why: str) -> None:
    with pytest.raises(PatchError, match=why):
        apply_hunks(one(text), base)


def test_bounds() -> None:
    diff = unified("a\n", "b\n", name="x") + unified("a\n", "b\n", name="y")

    for bounds in (Bounds(size=len(diff) - 1), Bounds(files=1), Bounds(hunks=1)):
        with pytest.raises(PatchError):
            read_diff(diff, bounds=bounds)
    assert len(read_diff(diff, bounds=Bounds(size=len(diff), files=2, hunks=2))) == 2
    with pytest.raises(PatchError, match="2 bytes"):
        apply_hunks(read_diff(diff)[0], b"a\n", bounds=Bounds(file_size=1))
