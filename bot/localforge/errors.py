"""How the forge says no: with GitLab's status and GitLab's wording."""


class Refusal(Exception):  # noqa: N818 - an answer that unwinds, not an error
    """What was asked is not done. `message` is what the client reads, a text or texts by field."""

    def __init__(self, status: int, message: object, /, *, key: str = "message", **more: str) -> None:
        """Say no; `key` is the field of the answer that holds the message, `more` are fields beside it."""
        super().__init__(f"{status} {message}")
        self.status = status
        self.message = message
        self.body = {key: message, **more}


def invalid(field: str, why: str) -> Refusal:
    """Say that a field cannot be so."""
    return Refusal(400, {field: [why]})


def not_found(what: str) -> Refusal:
    """Say that it is not there, or not for this token."""
    return Refusal(404, f"404 {what} Not Found")


def forbidden() -> Refusal:
    """Say that this account may not."""
    return Refusal(403, "403 Forbidden")


def unauthorized() -> Refusal:
    """Say that this account may not, in the places where GitLab answers with 401."""
    return Refusal(401, "401 Unauthorized")
