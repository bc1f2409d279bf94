"""Who sits at which browser: a cookie, and a form token made from it. Kept in memory; a restart signs everybody out."""

import hashlib
import hmac
import secrets
import threading

COOKIE = "localforge"
_MOST = 1000
_HOURS = 12
MAX_AGE = _HOURS * 3600
"""Seconds that a cookie lives."""


class Sessions:
    """All browsers that have been here. Safe to use from several threads."""

    def __init__(self) -> None:
        """Begin with none, and with a key that nobody else has."""
        self._key = secrets.token_bytes(32)
        self._lock = threading.Lock()
        self._users: dict[str, int | None] = {}

    def known(self, cookie: str) -> bool:
        """Say whether the cookie is one of ours."""
        with self._lock:
            return cookie in self._users

    def user(self, cookie: str) -> int | None:
        """Give who is signed in."""
        with self._lock:
            return self._users.get(cookie)

    def begin(self, user: int | None, *, instead_of: str = "") -> str:
        """Give a new cookie; the old one is worth nothing from now on."""
        cookie = secrets.token_urlsafe(32)
        with self._lock:
            self._users.pop(instead_of, None)
            self._users[cookie] = user
            while len(self._users) > _MOST:
                del self._users[next(iter(self._users))]
        return cookie

    def form_token(self, cookie: str) -> str:
        """Give what a form has to send back, so that no other site can send it."""
        return hmac.new(self._key, cookie.encode(), hashlib.sha256).hexdigest()

    def sent_by_us(self, cookie: str, token: str) -> bool:
        """Say whether a form came from our page in this browser."""
        return self.known(cookie) and hmac.compare_digest(self.form_token(cookie), token)
