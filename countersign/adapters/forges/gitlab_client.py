"""Asks GitLab by python-gitlab's HTTP layer: one token, bounded time, whole lists, and ForgeFault for everything that fails.

Only questions (GET) are asked again, a few times, where GitLab is busy or away. No redirect is followed, since the token would
go along, and no URL out of an answer is called. Reads no environment. Does not know what the answers mean.
"""

from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote, urlencode

import gitlab
import requests
import urllib3
from requests.adapters import HTTPAdapter

from countersign.domain.heard import Answer
from countersign.domain.ids import digest_of
from countersign.domain.neutral import inline
from countersign.domain.outcomes import ForgeFault

PER_PAGE = 100
"""GitLab's maximum."""

_MOST_PAGES = 500
_SHOWN = 200
_RETRY = urllib3.Retry(
    total=3,
    redirect=False,
    allowed_methods={"GET"},
    status_forcelist={429, 500, 502, 503, 504},
    backoff_factor=0.2,
    retry_after_max=20,
    raise_on_status=False,
)
Query = Mapping[str, str | int | bool]


class ForgeFailed(ForgeFault):
    """GitLab answered with an HTTP status that is no success."""

    def __init__(self, what: str, status: int, said: str) -> None:
        """Keep the status and what GitLab said, by which callers tell cases apart."""
        super().__init__(f"GitLab refused to {what}: {status} {inline(said)[:_SHOWN]}")
        self.status = status
        self.said = said


class GitLabClient:
    """A connection to one GitLab under one token. Not shared between threads."""

    def __init__(self, *, url: str, token: str, timeout: float, ca_file: Path | None) -> None:
        """Name the server. `timeout` is in seconds, for connecting and for each silence; `ca_file` is for a private authority."""
        session = requests.Session()
        session.trust_env = False
        session.max_redirects = 0
        for scheme in ("http://", "https://"):
            session.mount(scheme, HTTPAdapter(max_retries=_RETRY))
        self._gitlab = gitlab.Gitlab(
            url,
            private_token=token,
            timeout=timeout,
            ssl_verify=True if ca_file is None else str(ca_file),
            keep_base_url=True,
            user_agent="countersign",
            session=session,
        )

    def get(self, what: str, path: str, query: Query | None = None) -> object:
        """Ask for one thing.

        Raises:
            ForgeFault: GitLab refused, did not answer, or not in JSON.
        """
        return self.hear(what, path, query)[0]

    def hear(self, what: str, path: str, query: Query | None = None) -> tuple[object, Answer]:
        """Ask for one thing; give its evidence, too.

        Raises:
            ForgeFault: as for `get`.
        """
        answer = self._send(what, "get", path, query=query)
        return self._json(what, answer), _evidence(path, query or {}, answer)

    def find(self, what: str, path: str) -> object | None:
        """Ask for one thing that may not be there.

        Raises:
            ForgeFault: as for `get`, but for 404.
        """
        try:
            return self.get(what, path)
        except ForgeFailed as failed:
            if failed.status == requests.codes.not_found:
                return None
            raise

    def all(self, what: str, path: str, query: Query | None = None) -> list[object]:
        """Read a list to its end.

        Raises:
            ForgeFault: as for `get`; or a page is missing, empty before the end, or the list moved while it was read.
        """
        return self.hear_all(what, path, query)[0]

    def hear_all(self, what: str, path: str, query: Query | None = None) -> tuple[list[object], tuple[Answer, ...]]:
        """Read a list to its end; give the evidence of each page, too.

        Raises:
            ForgeFault: as for `all`.
        """
        items: list[object] = []
        evidence: list[Answer] = []
        for page in range(1, _MOST_PAGES + 1):
            asked = {**(query or {}), "per_page": PER_PAGE, "page": page}
            answer = self._send(what, "get", path, query=asked)
            part = self._json(what, answer)
            if not isinstance(part, list):
                raise ForgeFault(f"GitLab gave no list when asked to {what}")
            items += part
            evidence.append(_evidence(path, asked, answer))
            if not self._more(what, answer, page, len(part)):
                self._whole(what, answer, items)
                return items, tuple(evidence)
            if not part:
                raise ForgeFault(f"GitLab gave an empty page before the end when asked to {what}")
        raise ForgeFault(f"GitLab gave more than {_MOST_PAGES} pages when asked to {what}")

    def post(self, what: str, path: str, data: Mapping[str, object]) -> object:
        """Make something. Never sent twice.

        Raises:
            ForgeFault: as for `get`; whether it was made is open where no answer came.
        """
        return self._json(what, self._send(what, "post", path, data=data))

    def put(self, what: str, path: str, data: Mapping[str, object]) -> object:
        """Change something. Never sent twice.

        Raises:
            ForgeFault: as for `post`.
        """
        return self._json(what, self._send(what, "put", path, data=data))

    def _send(
        self,
        what: str,
        verb: str,
        path: str,
        *,
        query: Query | None = None,
        data: Mapping[str, object] | None = None,
    ) -> requests.Response:
        body = None if data is None else dict(data)
        try:
            return self._gitlab.http_request(
                verb,
                path,
                query_data=dict(query or {}),
                post_data=body,
                obey_rate_limit=False,  # python-gitlab would repeat any request on 429, merges too
                max_retries=0,
            )
        except gitlab.GitlabError as error:
            if error.response_code is None:
                raise ForgeFault(f"GitLab could not be asked to {what}: {type(error).__name__}") from None
            raise ForgeFailed(what, error.response_code, str(error.error_message)) from None
        except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
            raise ForgeFault(f"GitLab could not be asked to {what}: {type(error).__name__}") from None

    @staticmethod
    def _json(what: str, answer: requests.Response) -> object:
        try:
            parsed: object = answer.json()
        except (ValueError, RecursionError):
            raise ForgeFault(f"GitLab's answer is not JSON when asked to {what}") from None
        return parsed

    @staticmethod
    def _more(what: str, answer: requests.Response, page: int, count: int) -> bool:
        """Tell whether a page follows. A full page without a word about the next one is not taken for the end."""
        following = answer.headers.get("X-Next-Page")
        if following is None and count >= PER_PAGE:
            raise ForgeFault(f"GitLab does not say whether there is more when asked to {what}")
        if following and following != str(page + 1):
            raise ForgeFault(f"GitLab gives its pages out of order when asked to {what}")
        return bool(following)

    @staticmethod
    def _whole(what: str, answer: requests.Response, items: list[object]) -> None:
        total = answer.headers.get("X-Total")
        names = [item.get("id") for item in items if isinstance(item, dict) and "id" in item]
        if (total is not None and total != str(len(items))) or len(set(names)) != len(names):
            raise ForgeFault(f"GitLab's list is not whole, or moved, when asked to {what}")


def _evidence(path: str, query: Query, answer: requests.Response) -> Answer:
    asked = f"{path}?{urlencode(sorted(query.items()))}" if query else path
    return Answer(asked, digest_of(answer.content))


def encoded(name: str) -> str:
    """Write a project's or group's path as one segment of a URL."""
    return quote(name, safe="")
