"""`countersign propose`: hands a diff and a rationale to the bot, and prints the merge request that it became.

Talks HTTP with the standard library alone, so that an agent's image needs nothing else. Decides nothing and touches no git.
"""

import argparse
import json
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from countersign.cli import Commands
from countersign.domain.ids import MalformedError, sha
from countersign.domain.neutral import visible

ACCEPTED, USAGE, REFUSED, COULD_NOT = 0, 2, 20, 30
_STATUS = """\
exit status:
  0   accepted: the merge request is open; its address is printed
  2   the command line is wrong, or a file cannot be read
  20  refused: what is wrong and what would pass is printed; sending it again changes nothing
  30  could not: no answer, or none that makes sense; send the same again
"""
_ANSWER_LIMIT = 1024 * 1024
_SERVER_ERROR = 500
_BUSY = frozenset({408, 425, 429})
"""Statuses below 500 that mean: later."""

_WORDS = ("environment", "action", "skill", "rollback", "assisted_by")
_LISTS = ("tests", "not_sure")


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: a status and a JSON object."""

    status: int
    document: Mapping[str, object]


class CouldNotError(Exception):
    """There was no answer, or none that makes sense."""


class _NoRedirect(HTTPRedirectHandler):
    """Follows nothing: the token must not go to another host."""

    def redirect_request(self, *_args: object, **_kwargs: object) -> None:
        """Refuse."""


def register(commands: Commands, _words: Sequence[str]) -> None:
    """Add `propose`."""
    parser = commands.add_parser(
        "propose",
        help="hand in a diff and a rationale as an agent",
        description="Hand in a diff against a named commit. It becomes a merge request, judged like any other. "
        "The token is read from --token-file or from the variable COUNTERSIGN_TOKEN.",
        epilog=_STATUS,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--server", required=True, type=_url, metavar="URL", help="the bot, such as https://countersign.example")
    parser.add_argument("--project", required=True, help="the project's full path, such as acme/shop")
    parser.add_argument(
        "--base", required=True, type=_commit, metavar="SHA", help="the commit that the diff is made against, in full"
    )
    parser.add_argument(
        "--diff", required=True, type=Path, metavar="FILE", help="a unified diff, as `git diff` writes it; - for stdin"
    )
    parser.add_argument("--rationale", required=True, type=Path, metavar="FILE", help="why, in your own words")
    parser.add_argument("--sponsor", required=True, metavar="USER", help="who asked you for this")
    parser.add_argument("--title", help="one line; the first line of the rationale if not given")
    parser.add_argument("--environment", help="the environment that you mean to change")
    parser.add_argument("--action", help="the action of the policy that you mean")
    parser.add_argument("--skill", help="the skill that you worked by, such as rotate-certificates; records can be asked for it")
    parser.add_argument("--rollback", help="the way back, in a line; `none` where there is none")
    parser.add_argument("--assisted-by", metavar="MODEL", help="what helped you, such as Claude:claude-opus-4-6")
    parser.add_argument("--test", action="append", default=[], dest="tests", metavar="LINE", help="a test that you ran; repeatable")
    parser.add_argument("--not-sure", action="append", default=[], metavar="LINE", help="what you are not sure about; repeatable")
    parser.add_argument("--idempotency-key", metavar="KEY", help="makes it an error to send something else under the same key")
    parser.add_argument("--token-file", type=Path, metavar="FILE", help="holds the agent's token")
    parser.add_argument("--timeout", type=float, default=60, metavar="SECONDS", help="for the answer (default: %(default)g)")
    parser.add_argument("--format", choices=("text", "json"), default="text", help="text for people, one JSON object for programs")
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    try:
        body, token = _body(options), _token(options.token_file)
    except MalformedError as error:
        print(f"countersign propose: {error}", file=sys.stderr)
        return USAGE
    try:
        answer = send(options.server, body, token=token, key=options.idempotency_key, timeout=options.timeout)
    except CouldNotError as error:
        return _could_not(options.format, str(error))
    if answer.status in {200, 201}:
        return _accepted(options.format, answer)
    if answer.status >= _SERVER_ERROR or answer.status in _BUSY:
        return _could_not(options.format, str(answer.document.get("detail", f"status {answer.status}")))
    return _refused(options.format, answer)


def send(server: str, body: Mapping[str, object], *, token: str, key: str | None = None, timeout: float = 60) -> Answer:
    """Hand in a proposal. `timeout` is in seconds.

    Raises:
        CouldNotError: no answer, a redirect, or no JSON.
    """
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json", "Accept": "application/json"}
    if key is not None:
        headers["Idempotency-Key"] = key
    url = f"{server}/v1/proposals"
    request = Request(url, data=json.dumps(body).encode(), headers=headers, method="POST")  # noqa: S310 - _url allows http(s) alone
    try:
        with build_opener(_NoRedirect()).open(request, timeout=timeout) as answer:
            return Answer(answer.status, _document(answer.read(_ANSWER_LIMIT)))
    except HTTPError as error:
        with error:
            return Answer(error.code, _document(error.read(_ANSWER_LIMIT)))
    except (OSError, HTTPException, ValueError) as error:
        raise CouldNotError(f"{server} does not answer: {str(error) or type(error).__name__}") from None


def _document(data: bytes) -> Mapping[str, object]:
    try:
        found = json.loads(data)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise CouldNotError("the answer is not the bot's; is the address right?")
    return found


def _body(options: argparse.Namespace) -> dict[str, object]:
    rationale = _text(options.rationale, "rationale")
    title = options.title or next((line.strip() for line in rationale.splitlines() if line.strip()), "")[:200]
    body: dict[str, object] = {name: getattr(options, name) for name in ("project", "base", "sponsor")}
    body |= {"diff": _text(options.diff, "diff"), "rationale": rationale, "title": title}
    body |= {name: value for name in (*_WORDS, *_LISTS) if (value := getattr(options, name))}
    return body


def _text(path: Path, what: str) -> str:
    """Read a file to the letter: no newline is translated, since a diff is made of them."""
    try:
        data = sys.stdin.buffer.read() if str(path) == "-" else path.read_bytes()
        return data.decode()
    except OSError as error:
        raise MalformedError(f"the {what} {path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise MalformedError(f"the {what} {path} is not UTF-8 text") from None


def _token(path: Path | None) -> str:
    """Give the token: from the file, or else from the variable that CI systems set.

    Raises:
        MalformedError: there is none, or it could not be sent in a header.
    """
    where = "COUNTERSIGN_TOKEN" if path is None else str(path)
    text = os.environ.get("COUNTERSIGN_TOKEN", "") if path is None else _text(path, "token")  # noqa: TID251 - the one variable here
    token = text.strip()
    if not token or not token.isascii() or not token.isprintable():
        raise MalformedError(f"no token in {where}; give --token-file FILE, or set COUNTERSIGN_TOKEN")
    return token


def _url(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username or parts.query or parts.fragment:
        raise argparse.ArgumentTypeError("must be an http or https URL")
    return text.rstrip("/")


def _commit(text: str) -> str:
    try:
        return sha(text)
    except MalformedError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _accepted(style: str, answer: Answer) -> int:
    if style == "json":
        print(json.dumps(answer.document, sort_keys=True))
    else:
        print(visible(str(answer.document.get("url"))))
        replaced = answer.document.get("replaced")
        if isinstance(replaced, dict) and replaced:
            told = ", ".join(f"{number} {kind}" for kind, number in sorted(replaced.items()))
            print(f"replaced by tokens in your words: {visible(told)}", file=sys.stderr)
    return ACCEPTED


def _refused(style: str, answer: Answer) -> int:
    if style == "json":
        print(json.dumps(answer.document, sort_keys=True))
        return REFUSED
    problem = answer.document
    place = [f"{name} {problem[name]}" for name in ("file", "hunk", "line", "rule") if problem.get(name) is not None]
    print(f"refused: {visible(str(problem.get('detail', problem.get('title', answer.status))))}", file=sys.stderr)
    if place:
        print(f"  where: {visible(', '.join(place))}", file=sys.stderr)
    fields = problem.get("fields")
    for name, why in sorted(fields.items()) if isinstance(fields, dict) else ():
        print(f"  {visible(str(name))}: {visible(str(why))}", file=sys.stderr)
    if problem.get("to_pass"):
        print(f"  to pass: {visible(str(problem['to_pass']))}", file=sys.stderr)
    return REFUSED


def _could_not(style: str, why: str) -> int:
    if style == "json":
        print(json.dumps({"detail": why, "title": "could not"}, sort_keys=True))
    else:
        print(f"could not: {visible(why)}; send the same again", file=sys.stderr)
    return COULD_NOT
