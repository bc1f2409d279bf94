"""Who a commit names: read from its raw bytes, strictly. Does not know accounts and does not believe anybody.

Addresses are gathered widely, since whoever wrote a part may not approve it: a `Co-authored-by` counts wherever it stands.
Trailers are read narrowly, since they speak for the change: only from a last paragraph that holds nothing else.
"""

import re

from countersign.domain.ids import MalformedError, Sha
from countersign.domain.ports import CommitPeople

_IDENTITY = re.compile(rb"(author|committer) (?:[^<>\n]* )?<([^<>\n]*)> -?\d+ [+-]\d{4}")
_TRAILER = re.compile(r"([A-Za-z0-9][A-Za-z0-9-]*)[ \t]*:[ \t]*(.*)")
_COAUTHOR = re.compile(r"[ \t]*co-authored-by[ \t]*:[ \t]*(.*)", re.IGNORECASE)
_ADDRESS = re.compile(r".*<([^<>]*)>[ \t]*")


def people_of(commit: Sha, raw: bytes) -> CommitPeople:
    """Read a commit object's bytes.

    Raises:
        MalformedError: it does not name exactly one author and one committer, or its message holds a NUL byte, behind
            which some tools would not look.
    """
    header, _, body = raw.partition(b"\n\n")
    identities = [found for line in header.split(b"\n") if (found := _IDENTITY.fullmatch(line))]
    if [found[1] for found in identities] != [b"author", b"committer"]:
        raise MalformedError(f"commit {commit} does not name one author and one committer")
    if b"\0" in raw:
        raise MalformedError(f"commit {commit} holds a NUL byte")
    message = body.decode(errors="replace")
    named = [found[2].decode(errors="replace") for found in identities]
    coauthors = [_address(named_too[1]) for line in message.splitlines() if (named_too := _COAUTHOR.fullmatch(line))]
    return CommitPeople(commit=commit, emails=tuple(dict.fromkeys(named + coauthors)), trailers=trailers_of(message))


def trailers_of(message: str) -> tuple[tuple[str, str], ...]:
    """Give the trailers of a commit message: its last paragraph, if that is not the first and every line of it is one.

    A line that begins with a blank goes on with the line before. Names keep their case; compare them without it.
    """
    paragraphs = re.split(r"\n[ \t]*(?:\n[ \t]*)*\n", message.replace("\r\n", "\n").strip("\n \t"))
    found: list[tuple[str, str]] = []
    for line in paragraphs[-1].split("\n") if len(paragraphs) > 1 else ():
        trailer = _TRAILER.fullmatch(line)
        if trailer is not None:
            found.append((trailer[1], trailer[2].rstrip()))
        elif found and line[:1] in {" ", "\t"}:
            name, value = found[-1]
            found[-1] = (name, f"{value} {line.strip()}".strip())
        else:
            return ()
    return tuple(found)


def _address(value: str) -> str:
    """Give the address of a co-author; the whole value where there is none, which no account can own."""
    found = _ADDRESS.fullmatch(value)
    return (value if found is None else found[1]).strip()
