"""Loads a policy file: bytes in, a Policy out, or every problem with file, line and column at once.

In two steps where the policy names files beside itself: `read_draft` says which, `Draft.policy` takes their bytes. Does not
say what a policy means (`decide`), and reads no file.
"""

import difflib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from pydantic import ValidationError

from countersign.domain.canonical import canonical_json
from countersign.domain.codeowners import CodeOwners
from countersign.domain.decision import Place
from countersign.domain.ids import Digest, MalformedError, digest_of
from countersign.domain.policy import Beside, Document, Policy
from countersign.domain.policy_check import dangling
from countersign.domain.policy_check_runs import above_the_floor, ill_run
from countersign.domain.policy_credentials import AwsCredential
from countersign.domain.policy_forms import SAID
from countersign.domain.policy_sources import Found, Source, Where, session_policy
from countersign.domain.problems import PolicyError, Problem
from countersign.domain.yaml_reader import Places, Reader

__all__ = ["Draft", "PolicyError", "Problem", "load_policy", "read_draft"]

_SHORT = {"too_short": "is empty", "tuple_type": "is no list", "dict_type": "is no mapping"}
POLICY_FILE = ".countersign/policy.yaml"


@dataclass(frozen=True, slots=True)
class Draft:
    """A policy that is right as far as it goes. What it names beside itself is still to be read."""

    file: str
    document: Document
    places: Places
    digest: Digest

    @property
    def wants(self) -> tuple[Source, ...]:
        """Give the files that are to be read, once each."""
        return tuple(sorted({source for _, source in _wanted(self.document)}))

    def policy(self, found: Found) -> Policy:
        """Put the policy together with what was found.

        Raises:
            PolicyError: a file is missing or wrong, or the floor does not load. CODEOWNERS alone may be missing: then whatever
                needs it is refused, and the rest goes on.
        """
        problems: list[Problem] = []
        sessions: dict[str, str] = {}
        owners: CodeOwners | str | None = None
        floor: Policy | None = None
        for where, source in _wanted(self.document):
            data = found.get(source)
            try:
                if where == ("codeowners",):
                    owners = _owners(source, data)
                elif data is None:
                    raise MalformedError("not there")  # noqa: TRY301 - told with the others, at its place
                elif where == ("extends",):
                    floor = _floor(source, data)
                else:
                    sessions[str(where[1])] = session_policy(data)
            except MalformedError as error:
                problems.append(Problem(_place(where, self.places, self.file), f"{source}: {error}"))
            except PolicyError as error:
                problems.extend(error.problems)
        if problems:
            raise PolicyError(tuple(problems))
        beside = Beside(owners, sessions, floor, self.beside_digest(found))
        return Policy.of(self.document, self.digest, self.places, beside)

    def beside_digest(self, found: Found) -> Digest | None:
        """Name what stands beside the file and decides with it; None where nothing does."""
        listed = self.beside_list(found)
        return None if listed is None else digest_of(listed)

    def beside_list(self, found: Found) -> bytes | None:
        """List what stands beside the file, each by its digest; None where nothing does. The list's own digest names all of it."""
        if not self.wants:
            return None
        digests = {str(source): None if (data := found.get(source)) is None else digest_of(data) for source in self.wants}
        return canonical_json(digests)


def load_policy(data: bytes, *, file: str = POLICY_FILE, found: Found | None = None) -> Policy:
    """Read a policy; `found` has what it names beside itself.

    Raises:
        PolicyError: anything at all is wrong with it. There is no policy that is half in force.
    """
    return read_draft(data, file=file).policy(found or {})


def read_draft(data: bytes, *, file: str = POLICY_FILE) -> Draft:
    """Read a policy as far as its own file goes.

    Raises:
        PolicyError: anything is wrong with it.
    """
    return _read(data, file, floor=False)


def _read(data: bytes, file: str, *, floor: bool) -> Draft:
    reader = Reader(file)
    value = reader.read(data)
    try:
        document = Document.model_validate(value)
    except ValidationError as error:
        raise PolicyError(_problems(error, reader.places, file)) from None
    found: list[tuple[Where, str]] = [*dangling(document), *ill_run(document), *(above_the_floor(document) if floor else ())]
    if found:
        raise PolicyError(tuple(Problem(_place(where, reader.places, file), text) for where, text in found))
    return Draft(file, document, reader.places, digest_of(data))


def read_list(data: bytes, *, file: str, what: str) -> tuple[list[object], Places]:
    """Read another file of ours as strictly as a policy: a list, and where each part of it stands.

    Raises:
        PolicyError: it is no such file. `what` is what errors call it.
    """
    reader = Reader(file, what)
    return reader.read_list(data), reader.places


def _wanted(document: Document) -> Iterator[tuple[Where, Source]]:
    if document.codeowners is not None:
        yield ("codeowners",), Source(document.codeowners)
    for name, credential in document.credentials.items():
        if isinstance(credential, AwsCredential) and isinstance(credential.session_policy, str):
            yield ("credentials", name, "session_policy"), Source(credential.session_policy)
    if document.extends is not None:
        yield ("extends",), Source(document.extends.file, document.extends.project, document.extends.commit)


def _owners(source: Source, data: bytes | None) -> CodeOwners | str:
    if data is None:
        return f"the protected branch has no {source.path}"
    try:
        return CodeOwners.read(data)
    except MalformedError as error:
        return f"{source.path}: {error}"


def _floor(source: Source, data: bytes) -> Policy:
    draft = _read(data, str(source), floor=True)
    return Policy.of(draft.document, draft.digest, draft.places)


def _place(where: Where, places: Places, file: str) -> Place:
    """Give the place of the nearest part that stands in the file."""
    for length in range(len(where), -1, -1):
        if where[:length] in places:
            return places[where[:length]]
    return Place(file, 1, 1)


def _problems(error: ValidationError, places: Places, file: str) -> tuple[Problem, ...]:
    """Give one problem a place: where a value could be of several kinds, every kind complains of it."""
    found: dict[Place, Problem] = {}
    for item in error.errors():
        if item["type"] == "too_short" and item["input"]:
            continue  # it is short only of what is wrong in it, and that is told where it stands
        message = SAID.get(str(item.get("ctx", {}).get("pattern")), item["msg"])
        problem = _problem(item["loc"], message, item["type"], places, file)
        found.setdefault(problem.place if item["type"] != "missing" else Place(problem.text, 0), problem)
    return tuple(found.values())


def _problem(where: Where, message: str, kind: str, places: Places, file: str) -> Problem:
    stands: Where = ()
    for part in where:
        if (*stands, part) in places:  # the others are words of the checker, for kinds of values
            stands = (*stands, part)
    name = ".".join(str(part) for part in stands)
    text = message.removeprefix("Value error, ")
    if kind == "extra_forbidden":
        text = "no such key" + _meant(str(where[-1]), Document.model_fields if len(where) == 1 else ())
    elif kind == "missing":
        name, text = ".".join([name, str(where[-1])]).lstrip("."), "is missing"
    elif kind in _SHORT:
        text = _SHORT[kind]
    return Problem(_place(stands, places, file), f"{name}: {text}")


def _meant(key: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(key, [str(name) for name in known], n=1)
    return f"; did you mean {close[0]!r}?" if close else ""
