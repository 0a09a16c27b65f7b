"""The socket: authentication, the client's messages, and the events that are sent."""

import base64
import logging
import threading
import time
from collections.abc import Iterable
from typing import cast

from flask import Blueprint, Response, current_app, g, request
from flask_sock import Sock
from simple_websocket import ConnectionClosed, Server
from sqlalchemy.exc import SQLAlchemyError

from ..accounts.auth import authenticate
from ..accounts.tokens import read_credentials, read_token
from ..database import Sessions, db
from ..errors import ApiError, BadRequest, NotImplementedHere, Unavailable, respond
from ..logs import get_request_id
from . import messages, services
from .connection import Connection
from .hub import Hub
from .messages import CloseCode, MessageError
from .subscriptions import PublishedEvent, Subscriptions

log = logging.getLogger("conduit.live")

# Seconds in which a client must have received the frames that are sent to it.
SEND_TIMEOUT = 5

bp = Blueprint("live", __name__)
sock = Sock()


@bp.get("/live")
def require_upgrade() -> Response:
    return respond(426, {"upgrade": ["is required"]}, {"Upgrade": "websocket"})


@bp.before_request
def prepare() -> None:
    """Refuse a handshake while an HTTP response is still possible."""
    if request.endpoint == "live.require_upgrade":
        return
    hub: Hub = current_app.extensions["hub"]
    key = request.headers.get("Sec-WebSocket-Key", "")
    version = request.headers.get("Sec-WebSocket-Version")
    protocols = request.headers.get("Sec-WebSocket-Protocol", "")
    if version != "13" or not is_key(key) or not protocols.isascii():
        raise BadRequest(upgrade="is invalid")
    if not Connection.put_into(request.environ):
        raise NotImplementedHere(upgrade="is not supported by this server")
    subscriptions = Subscriptions(None)
    if not hub.admit(subscriptions):
        most = current_app.config["LIVE_SOCKETS"]
        raise Unavailable(live=f"has too many sockets (maximum is {most})")
    g.subscriptions = subscriptions


def is_key(text: str) -> bool:
    try:
        return len(base64.b64decode(text, validate=True)) == 16
    except ValueError:
        return False


@bp.after_request
def note_upgrade(response: Response) -> Response:
    if "subscriptions" in g:
        response.status_code = 101
    return response


@bp.teardown_request
def leave(_: BaseException | None) -> None:
    if "subscriptions" in g:
        current_app.extensions["hub"].leave(g.subscriptions)


@sock.route("/live", bp=bp)  # type: ignore[untyped-decorator]
def live(ws: Server) -> None:
    try:
        g.subscriptions.user_id = get_user_id()
    except ApiError as refused:
        ws.send(messages.error(refused.errors))
        close(ws, CloseCode.UNAUTHORIZED)
    except SQLAlchemyError as error:
        log.warning("a socket cannot be opened: %s", str(error).partition("\n")[0])
        ws.send(messages.error({"server": ["unavailable"]}))
        close(ws, CloseCode.TRY_AGAIN_LATER)
    else:
        Socket(ws, current_app.extensions["hub"], db.sessions, g.subscriptions).run()


def get_user_id() -> int | None:
    """The user of the token in the header, or in the query; raises `Unauthorized`."""
    authorization = request.headers.get("Authorization")
    token = request.args.get("token")
    if authorization:
        token = read_credentials(authorization)
    if not token:
        return None
    return authenticate(read_token(token)).id


def close(ws: Server, code: CloseCode) -> None:
    ws.close(code)  # type: ignore[arg-type]  # which knows the registered codes only


class Socket:
    def __init__(
        self, ws: Server, hub: Hub, sessions: Sessions, subscriptions: Subscriptions
    ) -> None:
        self.ws = ws
        self.hub = hub
        self.sessions = sessions
        self.subscriptions = subscriptions
        self.bad_messages = 0

    def run(self) -> None:
        """Receive messages and send events in turn, until there is a reason to close."""
        # Set when the client sends something, and by the hub when there are events.
        more = cast(threading.Event, self.ws.event)
        self.hub.join(self.subscriptions, more)
        try:
            close(self.ws, self.serve(more))
        except (ConnectionClosed, OSError):
            pass  # the client has left
        except Exception:
            log.exception("%s socket failed", get_request_id())
            close(self.ws, CloseCode.INTERNAL_ERROR)

    def serve(self, more: threading.Event) -> CloseCode:
        try:
            while True:
                while (data := self.ws.receive(timeout=0)) is not None:
                    if messages.is_too_long(data):
                        return CloseCode.POLICY_VIOLATION
                    self.answer(data)
                    if self.bad_messages == messages.MAX_BAD_MESSAGES:
                        return CloseCode.POLICY_VIOLATION
                # After `receive`, which clears `more`.
                if self.hub.stopping:
                    return CloseCode.SERVICE_RESTART
                if not self.catch_up():
                    more.wait()
                    more.clear()
        except (TimeoutError, SQLAlchemyError):
            return CloseCode.TRY_AGAIN_LATER

    def answer(self, data: str | bytes) -> None:
        try:
            message = messages.read(data)
            if isinstance(message, messages.Subscribe):
                self.subscribe(message.channel, message.since)
            elif isinstance(message, messages.Unsubscribe):
                self.subscriptions.remove(message.channel)
                self.send([messages.unsubscribed(message.channel)])
            else:
                self.send([messages.pong()])
        except MessageError as refused:
            self.bad_messages += 1
            self.send([messages.error(refused.errors)])
        except SQLAlchemyError as error:
            log.warning("a message needs the database: %s", str(error).partition("\n")[0])
            self.send([messages.error({"server": ["unavailable"]})])

    def subscribe(self, channel: str, since: int | None) -> None:
        """Start with the newest event, or send the events since the given one first."""
        subscriptions = self.subscriptions
        subscriptions.subscribed_to_feed |= channel == "feed"
        with self.sessions.reading() as session:
            article_id, newest = services.get_start(
                session, channel=channel, since=since, user_id=subscriptions.user_id
            )
        position = subscriptions.add(channel, article_id, newest if since is None else since)
        self.send([messages.subscribed(channel, newest)])
        while position < newest:
            published = [one for one in self.get_published(position) if one.id <= newest]
            self.send(subscriptions.replay(one, channel) for one in published)
            position = published[-1].id if published else newest
        subscriptions.position = newest

    def catch_up(self) -> bool:
        """Send new events, a part of them if there are many; returns whether there were any."""
        subscriptions = self.subscriptions
        if not subscriptions.channels:
            return False
        published = self.hub.backlog.after(subscriptions.position)
        if published is None:
            published = self.get_published(subscriptions.position)
        self.send(subscriptions.advance(one) for one in published)
        return bool(published)

    def get_published(self, after: int) -> list[PublishedEvent]:
        user_id = self.subscriptions.user_id
        with self.sessions.reading() as session:
            return services.get_published(
                session, after=after, get_listeners=lambda: [user_id] if user_id else []
            )

    def send(self, frames: Iterable[str | None]) -> None:
        """Raises `TimeoutError` if the client does not receive them in time."""
        deadline = time.monotonic() + SEND_TIMEOUT
        for frame in frames:
            if frame is not None:
                self.ws.send(frame)
            if time.monotonic() > deadline:
                raise TimeoutError
