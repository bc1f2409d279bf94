"""git over HTTP: who may fetch and push, with `git http-backend` doing the talking. A push is taken in before it is answered."""

import base64
import binascii
import re
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import IO
from urllib.parse import unquote

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from bot.localforge import accounts, pushes
from bot.localforge.access import DEVELOPER, REPORTER, Access
from bot.localforge.accounts import Session
from bot.localforge.api.server import LostAnswerError
from bot.localforge.entities import Project, User
from bot.localforge.errors import Refusal
from bot.localforge.faults import Fault
from bot.localforge.forge import Forge
from bot.localforge.git import run_backend
from bot.localforge.gitstore import NOTHING, Moved
from bot.localforge.versions import refs_moved

_PATH = re.compile(r"/(?P<project>[^?]+?)(?:\.git)?/(?P<rest>info/refs|git-upload-pack|git-receive-pack)")
_IN_MEMORY = 1024 * 1024
_LOST = "The project you were looking for could not be found or you don't have permission to view it."


@dataclass(frozen=True, slots=True)
class Asked:
    """One request of a git client. Without a session it is a stranger's, who reads a public project."""

    project: Project
    session: Session | None
    rest: str
    pushing: bool


class GitHttp:
    """Answers what git clients ask."""

    def __init__(self, forge: Forge) -> None:
        """Name the forge."""
        self._forge = forge

    @staticmethod
    def speaks(path: str) -> bool:
        """Say whether a path is one that git clients ask for."""
        return _PATH.fullmatch(path) is not None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request = Request(scope, receive)
        fault = self._forge.faults.take(["status", "slow", "lost"], method=request.method, path=request.url.path)
        with tempfile.SpooledTemporaryFile(_IN_MEMORY) as body:
            async for chunk in request.stream():
                body.write(chunk)
            response = await run_in_threadpool(self._answer, request, body, fault)
        if fault is not None and fault.kind == "lost":
            await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"1")]})
            raise LostAnswerError
        await response(scope, receive, send)

    def _answer(self, request: Request, body: IO[bytes], fault: Fault | None) -> Response:
        if fault is not None and fault.kind in {"status", "slow"}:
            time.sleep(fault.seconds)
            if fault.kind == "status":
                return Response("as a test has asked for", fault.status)
        try:
            asked = self._let_in(request)
        except Refusal as refusal:
            headers = {"WWW-Authenticate": 'Basic realm="GitLab"'} if refusal.status == 401 else {}  # noqa: PLR2004
            return Response(str(refusal.message), refusal.status, headers, "text/plain")
        body.seek(0)
        if asked.rest != "git-receive-pack" or asked.session is None:
            return self._run(request, asked, body, {})
        return self._push(request, asked, asked.session.user, body)

    def _let_in(self, request: Request) -> Asked:
        parts = _PATH.fullmatch(request.url.path)
        if parts is None:
            raise Refusal(404, _LOST)
        rest = parts["rest"]
        service = request.query_params.get("service", "") if rest == "info/refs" else rest
        if service not in {"git-upload-pack", "git-receive-pack"}:
            raise Refusal(403, "Only smart HTTP is spoken here")
        project = self._forge.store.one(Project, path_with_namespace=unquote(parts["project"]))
        pushing = service == "git-receive-pack"
        if "authorization" not in request.headers and project is not None and project.visibility == "public" and not pushing:
            return Asked(project, None, rest, pushing)
        session = self._session(request)
        access = Access(self._forge.store)
        if project is None or not access.sees(session.user, project):
            raise Refusal(404, _LOST)
        level = access.level(session.user, project)
        if pushing and not (level >= DEVELOPER and session.may("api", "write_repository")):
            raise Refusal(403, "You are not allowed to push code to this project.")
        readable = level >= REPORTER or project.visibility != "private"
        if not readable or not session.may("api", "read_repository", "write_repository"):
            raise Refusal(403, "You are not allowed to download code from this project.")
        return Asked(project, session, rest, pushing)

    def _session(self, request: Request) -> Session:
        kind, _, encoded = request.headers.get("authorization", "").partition(" ")
        try:
            name, _, password = base64.b64decode(encoded, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            raise Refusal(401, "HTTP Basic: Access denied.") from None
        session = accounts.authenticate(self._forge, password) if kind.lower() == "basic" and name else None
        if session is None:
            raise Refusal(401, "HTTP Basic: Access denied.")
        return session

    def _push(self, request: Request, asked: Asked, user: User, body: IO[bytes]) -> Response:
        try:
            moves = pushes.read_moves(body, gzipped=request.headers.get("content-encoding") == "gzip")
        except pushes.UnreadablePushError as error:
            return Response(f"the push cannot be read: {error}", 400)
        body.seek(0)
        forge = self._forge
        with forge.store.alone():
            project = forge.store.get(Project, asked.project.id)
            repository = forge.repository(project)
            before = repository.refs("refs/")
            told = pushes.verdict(Access(forge.store), user, project, moves)
            response = self._run(request, asked, body, told)
            after = repository.refs("refs/")
            done = [
                Moved(moved.ref, before.get(moved.ref, NOTHING), after.get(moved.ref, NOTHING))
                for moved in moves
                if before.get(moved.ref) != after.get(moved.ref)
            ]
            refs_moved(forge, user, project, done)
        return response

    def _run(self, request: Request, asked: Asked, body: IO[bytes], told: Mapping[str, str]) -> Response:
        headers = request.headers
        environment = {
            "GIT_HTTP_EXPORT_ALL": "1",
            "GIT_PROJECT_ROOT": str(self._forge.folder.resolve() / "repositories"),
            "GIT_PROTOCOL": headers.get("git-protocol", ""),
            "PATH_INFO": f"/{asked.project.id}.git/{asked.rest}",
            "QUERY_STRING": request.url.query,
            "REMOTE_USER": asked.session.user.username if asked.session else "",
            "REQUEST_METHOD": request.method,
            "CONTENT_TYPE": headers.get("content-type", ""),
            "HTTP_CONTENT_ENCODING": headers.get("content-encoding", ""),
            "LOCALFORGE_KEEP": "",
            "LOCALFORGE_REFUSAL": "" if told or not asked.pushing else "This push was not looked at.",
            **told,
        }
        with tempfile.TemporaryFile() as stdin, tempfile.TemporaryFile() as stdout:
            while chunk := body.read(_IN_MEMORY):
                stdin.write(chunk)
            stdin.seek(0)
            run_backend(environment=environment, stdin=stdin, stdout=stdout)
            stdout.seek(0)
            return _cgi(stdout.read())


def _cgi(written: bytes) -> Response:
    """Turn what a CGI program wrote into an answer."""
    head, _, content = written.partition(b"\r\n\r\n")
    headers = dict(line.split(": ", 1) for line in head.decode("latin-1").split("\r\n") if ": " in line)
    status = int(headers.pop("Status", "200").split()[0])
    return Response(content, status, headers)
