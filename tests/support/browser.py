"""As much of a browser as the embedded forge's pages need: it keeps cookies, follows links, and sends the forms that a page has.

Sends nothing that does not stand in a form of the page that it looks at, except what a test says is typed in.
"""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urlsplit

import httpx


@dataclass(slots=True)
class Form:
    """A form: where it goes to, and its fields."""

    action: str
    fields: dict[str, str] = field(default_factory=dict)


class Browser:
    """One visitor with one cookie jar."""

    def __init__(self, url: str) -> None:
        """Start at a forge, having seen nothing."""
        at_once = httpx.Limits(max_keepalive_connections=0)  # nothing is left open, so nothing has to be closed
        self._client = httpx.Client(base_url=url, follow_redirects=True, timeout=20, limits=at_once)
        self.page = ""
        self.path = ""
        self.status = 0

    @property
    def cookies(self) -> httpx.Cookies:
        """Give the cookies."""
        return self._client.cookies

    @property
    def forms(self) -> list[Form]:
        """Give the forms of the page."""
        reader = _Forms()
        reader.feed(self.page)
        return reader.forms

    def open(self, path: str, *, status: int = 200) -> str:
        """Open an address; give the page."""
        return self._show(self._client.get(path), status)

    def press(self, action: str, *, status: int = 200, typed: dict[str, str] | None = None, **chosen: str) -> str:
        """Press the button of the form that goes to `action` and has these values; give the page that comes then.

        `typed` is what is filled in, or what somebody tampers with.
        """
        form = next((one for one in self.forms if one.action == action and chosen.items() <= one.fields.items()), None)
        assert form is not None, f"the page has no form {action} {chosen}: {[one.action for one in self.forms]}"
        return self.send(action, {**form.fields, **(typed or {})}, status=status)

    def send(self, action: str, fields: dict[str, str], *, status: int = 200) -> str:
        """Send a form that stands on no page, as another site would."""
        return self._show(self._client.post(action, data=fields), status)

    def ask(self, path: str, headers: dict[str, str]) -> httpx.Response:
        """Ask without looking at what comes."""
        return self._client.get(path, headers=headers)

    def _show(self, answer: httpx.Response, status: int) -> str:
        assert answer.status_code == status, f"{answer.status_code} instead of {status} from {answer.url}: {answer.text[:500]}"
        self.page, self.path, self.status = answer.text, urlsplit(str(answer.url)).path, answer.status_code
        return self.page


class _Forms(HTMLParser):
    """Collects forms and their named inputs."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = {name: value or "" for name, value in attrs}
        if tag == "form":
            assert told.get("method") == "post"
            self.forms.append(Form(told["action"]))
        elif tag in {"input", "textarea"} and "name" in told:
            self.forms[-1].fields[told["name"]] = told.get("value", "")
