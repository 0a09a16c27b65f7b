"""What may differ between the responses of the apps, and which parts are still compared.

A mask is for one field. It replaces a valid value by the part that must be equal. A value
of another form stays, so that it shows as a difference.
"""

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import jwt

from compare.prove.parity.engine.stories import Setting, Step
from compare.prove.parity.tokens import LIFETIME, SECRET

# In JSON, a quote inside of a string has a backslash before it: these match only fields.
TOKEN = re.compile(rb'"token":"([^"\\]*)"')
TIME = re.compile(rb'"(createdAt|updatedAt)":"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z)"')
TITLE = re.compile(rb'"title":"Conduit \((?:Django|Flask|FastAPI)\)"')
SESSION_ID = re.compile("[0-9a-f]{32}")
REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
LEEWAY = timedelta(seconds=5)


class Masks:
    """The masks for the answers of one app in one story."""

    def __init__(self, setting: Setting) -> None:
        self._setting = setting
        self._started = datetime.now(UTC) - LEEWAY
        self._times: dict[bytes, int] = {}
        self._sessions: dict[str, int] = {}

    def body(self, request: Step, response: httpx2.Response) -> bytes:
        """The body as it is compared."""
        body = response.content
        if not body:
            return body
        if response.is_success and is_document(request):
            return canonical(TITLE.sub(b'"title":"<title>"', body))
        if response.is_success and is_lab(request):
            return json.dumps(skeleton(json.loads(body))).encode()
        if self._setting == "one database":
            return body  # every app reads the same rows, so every byte counts
        if response.is_success and request.method == "GET" and request.path == "/api/user":
            body = body.replace(sent_token(request), b'"<the token that was sent>"')
        body = TOKEN.sub(lambda found: b'"token":"%s"' % self._token(found[1]), body)
        return TIME.sub(lambda found: b'"%s":"%s"' % (found[1], self._time(found[2])), body)

    def header(self, request: Step, name: str, value: str) -> str:
        """The value of the header as it is compared."""
        if name == "x-request-id" and value != request.header(name) and REQUEST_ID.fullmatch(value):
            return f"<made: {re.sub('[0-9a-f]', 'x', value)}>"
        # Otherwise it is known to be the length of the body, which is compared itself.
        is_masked = is_document(request) or is_lab(request)
        if name == "content-length" and request.method == "HEAD" and is_masked:
            return "<length>"
        return value

    def _token(self, token: bytes) -> bytes:
        """The claims of a token: only its times and its session may differ."""
        try:
            claims = jwt.decode(token, SECRET, ["HS256"])
            issued, expires, session = claims["iat"], claims["exp"], claims["sid"]
        except (jwt.PyJWTError, KeyError, ValueError):
            return token
        now = datetime.now(UTC).timestamp()
        is_new = self._started.timestamp() <= issued <= now and expires == issued + LIFETIME
        if not is_new or not SESSION_ID.fullmatch(session):
            return token
        number = self._sessions.setdefault(session, len(self._sessions) + 1)
        claims |= {"iat": "<now>", "exp": "<now + lifetime>", "sid": f"<session {number}>"}
        head = jwt.get_unverified_header(token)
        return f"<token {json.dumps(head)} {json.dumps(claims)}>".replace('"', "'").encode()

    def _time(self, time: bytes) -> bytes:
        """The number of a time among those that this app has shown: the first, the second, …"""
        if time not in self._times:
            try:
                point = datetime.fromisoformat(time.decode())
            except ValueError:
                return time
            if not self._started <= point <= datetime.now(UTC) + LEEWAY:
                return time
            self._times[time] = len(self._times) + 1
        return b"<time %d>" % self._times[time]


def is_document(request: Step) -> bool:
    """The three OpenAPI documents are equal as JSON values, except for their titles."""
    return request.path.rstrip("/") == "/api/openapi.json"


def is_lab(request: Step) -> bool:
    """The lab measures the app, so its values differ."""
    return request.path.startswith("/api/lab/")


def sent_token(request: Step) -> bytes:
    words = (request.header("authorization") or "").encode("latin-1").split()
    return b'"%s"' % words[-1] if words else b""


def canonical(body: bytes) -> bytes:
    """The JSON in a canonical form, in which 1 and 1.0 are the same value."""
    return json.dumps(json.loads(body, parse_float=read_number), sort_keys=True).encode()


def read_number(text: str) -> int | float:
    number = float(text)
    return int(number) if number.is_integer() else number


def skeleton(value: Any) -> Any:
    """JSON without its values: the keys in their order, and the number of items of each list."""
    if isinstance(value, dict):
        return {key: skeleton(each) for key, each in value.items()}
    return list(map(skeleton, value)) if isinstance(value, list) else None
