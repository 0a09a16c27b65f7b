"""What must differ between the apps' answers, and what of it is compared all the same.

A mask covers one field. It stands for a value that has the right shape and says what else of it
must be equal; a value of another shape is left as it is, so that it shows as a difference.
"""

import json
import re
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any

import httpx2
import jwt

from compare.prove.parity.stories import Request, Setting
from compare.run.answers import Answer
from compare.run.apps import App

# In JSON, a quote inside of a string has a backslash before it: these match fields alone.
TOKEN = re.compile(rb'"token":"([^"\\]*)"')
TIME = re.compile(rb'"(createdAt|updatedAt)":"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z)"')
TITLE = re.compile(rb'"title":"Conduit \((?:Django|Flask|FastAPI)\)"')
SESSION_ID = re.compile("[0-9a-f]{32}")
SANE_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")

# The one that the apps publish for development, and the lifetime that they have by default.
SECRET = "conduit-development-secret-never-for-production"
LIFETIME = 2_592_000
LEEWAY = timedelta(seconds=2)


class Masks:
    """The masks over one app's answers in one story."""

    def __init__(self, setting: Setting) -> None:
        self._setting = setting
        self._started = datetime.now(UTC) - LEEWAY
        self._times: dict[bytes, int] = {}
        self._sessions: dict[str, int] = {}

    def hide(self, request: Request, response: httpx2.Response) -> bytes:
        """The body as it is compared."""
        body = response.content
        if not body:
            return body
        if response.is_success and is_document(request):
            return canonical(TITLE.sub(b'"title":"<title>"', body))
        if response.is_success and is_lab(request):
            return skeleton(body)
        if self._setting == "one database":
            return body  # all tell of the same rows: every byte counts
        if response.is_success and request.method == "GET" and request.path == "/api/user":
            body = body.replace(sent_token(request), b'"<the token that was sent>"')
        body = TOKEN.sub(lambda found: b'"token":"%s"' % self._token(found[1]), body)
        return TIME.sub(lambda found: b'"%s":"%s"' % (found[1], self._time(found[2])), body)

    def _token(self, token: bytes) -> bytes:
        """A token by what it says: only its times and its session are this app's own."""
        try:
            claims = jwt.decode(token, SECRET, ["HS256"])
            issued, expires, session = claims["iat"], claims["exp"], claims["sid"]
        except (jwt.PyJWTError, KeyError, ValueError):
            return token
        if not SESSION_ID.fullmatch(session):
            return token
        now = datetime.now(UTC).timestamp()
        if not self._started.timestamp() <= issued <= now or expires != issued + LIFETIME:
            return token
        number = self._sessions.setdefault(session, len(self._sessions) + 1)
        claims |= {"iat": "<now>", "exp": "<now + lifetime>", "sid": f"<session {number}>"}
        head = jwt.get_unverified_header(token)
        return f"<token {json.dumps(head)} {json.dumps(claims)}>".replace('"', "'").encode()

    def _time(self, time: bytes) -> bytes:
        """A time by its place among those that this app has shown: the first, the second, …"""
        if time not in self._times:
            try:
                point = datetime.fromisoformat(time.decode())
            except ValueError:
                return time
            if not self._started <= point <= datetime.now(UTC) + LEEWAY:
                return time
            self._times[time] = len(self._times) + 1
        return b"<time %d>" % self._times[time]


class PlayedAnswer(Answer):
    """The answer to a step of a story."""

    def __init__(self, app: App, request: Request, response: httpx2.Response, masks: Masks) -> None:
        super().__init__(app, response)
        self._request = request
        # At once: a time is masked by those that came before it.
        self._body = masks.hide(request, response)

    @property
    def body(self) -> bytes:
        return self._body

    @cached_property
    def headers(self) -> list[str]:
        return sorted(self._hide(*line.split(": ", 1)) for line in super().headers)

    def _hide(self, name: str, value: str) -> str:
        request = self._request
        if name == "x-request-id" and value != request.header(name) and SANE_ID.fullmatch(value):
            value = f"<made: {re.sub('[0-9a-f]', 'x', value)}>"
        # Elsewhere it is known to be the length of the body, which is compared itself.
        elif name == "content-length" and request.method == "HEAD" and is_own(request):
            value = "<length>"
        return f"{name}: {value}"


def is_document(request: Request) -> bool:
    """The three OpenAPI documents are equal as JSON values, but for their titles."""
    return request.path.rstrip("/") == "/api/openapi.json"


def is_lab(request: Request) -> bool:
    """What the lab measures is another thing in each app, and nothing else is."""
    return request.path.startswith("/api/lab/")


def is_own(request: Request) -> bool:
    return is_document(request) or is_lab(request)


def sent_token(request: Request) -> bytes:
    words = (request.header("authorization") or "").encode("latin-1").split()
    return b'"%s"' % words[-1] if words else b""


def canonical(body: bytes) -> bytes:
    """JSON in one way of writing it: 1 and 1.0 are the same value."""
    return json.dumps(json.loads(body, parse_float=number), sort_keys=True).encode()


def number(text: str) -> int | float:
    value = float(text)
    return int(value) if value.is_integer() else value


def skeleton(body: bytes) -> bytes:
    """JSON without its values: the keys in their order, and how many items a list has."""

    def strip(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: strip(each) for key, each in value.items()}
        return [strip(each) for each in value] if isinstance(value, list) else None

    return json.dumps(strip(json.loads(body))).encode()
