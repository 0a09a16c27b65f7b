"""The socket: authentication, the client's messages, and the events that are sent."""

import asyncio
import logging
from collections.abc import Iterable
from contextlib import suppress

from fastapi import APIRouter, Response, WebSocket, WebSocketDisconnect
from sqlalchemy.exc import SQLAlchemyError

from ..accounts.auth import authenticate
from ..accounts.tokens import read_credentials, read_token
from ..database import Sessions, SessionsDep
from ..errors import ApiError, respond
from ..settings import Settings, SettingsDep
from . import messages, services
from .hub import Hub, HubDep
from .messages import CloseCode, MessageError
from .subscriptions import PublishedEvent, Subscriptions

log = logging.getLogger("conduit.live")

# Seconds in which a client must have received the frames that are sent to it.
SEND_TIMEOUT = 5
CLOSE_TIMEOUT = 1

router = APIRouter()


@router.get("/live", include_in_schema=False)
async def require_upgrade() -> Response:
    return respond(426, {"upgrade": ["is required"]}, {"Upgrade": "websocket"})


@router.websocket("/live")
async def live(
    websocket: WebSocket, settings: SettingsDep, sessions: SessionsDep, hub: HubDep
) -> None:
    await websocket.accept()
    try:
        user_id = await get_user_id(websocket, settings, sessions)
    except ApiError as refused:
        await websocket.send_text(messages.error(refused.errors))
        await websocket.close(CloseCode.UNAUTHORIZED)
    except SQLAlchemyError as error:
        log.warning("a socket cannot be opened: %s", str(error).partition("\n")[0])
        await websocket.send_text(messages.error({"server": ["unavailable"]}))
        await websocket.close(CloseCode.TRY_AGAIN_LATER)
    else:
        await Socket(websocket, hub, sessions, user_id).run()


async def get_user_id(websocket: WebSocket, settings: Settings, sessions: Sessions) -> int | None:
    """The user of the token in the header, or in the query; raises `Unauthorized`."""
    authorization = websocket.headers.get("Authorization")
    token = websocket.query_params.get("token")
    if authorization:
        token = read_credentials(authorization)
    if not token:
        return None
    async with sessions.reading() as session:
        return (await authenticate(session, read_token(settings, token))).id


class Closed(Exception):
    """The server closes the socket, with this code."""

    def __init__(self, code: CloseCode) -> None:
        super().__init__(code)
        self.code = code


class Socket:
    def __init__(
        self, websocket: WebSocket, hub: Hub, sessions: Sessions, user_id: int | None
    ) -> None:
        self.websocket = websocket
        self.hub = hub
        self.sessions = sessions
        self.subscriptions = Subscriptions(user_id)
        self.bad_messages = 0
        # Held while events are sent, so that they are sent in order.
        self.send_lock = asyncio.Lock()

    async def run(self) -> None:
        """Receive messages and send events, until one of the two ends."""
        self.hub.join(self.subscriptions)
        try:
            async with asyncio.TaskGroup() as tasks:
                sending = tasks.create_task(self.send_events())
                await self.receive_messages()
                sending.cancel()
        except* Closed as closed:
            codes = [each.code for each in closed.exceptions if isinstance(each, Closed)]
            await self.close(codes[0])
        except* WebSocketDisconnect:
            pass  # the client has left while a frame was sent to it
        finally:
            self.hub.leave(self.subscriptions)

    async def receive_messages(self) -> None:
        """Answer the client until it leaves; raises `Closed`."""
        while self.bad_messages < messages.MAX_BAD_MESSAGES:
            message = await self.websocket.receive()
            if message["type"] == "websocket.disconnect":
                return
            text = message.get("text")
            data: str | bytes = message["bytes"] if text is None else text
            if messages.is_too_long(data):
                break
            await self.answer(data)
        raise Closed(CloseCode.POLICY_VIOLATION)

    async def answer(self, data: str | bytes) -> None:
        try:
            message = messages.read(data)
            if isinstance(message, messages.Subscribe):
                async with self.send_lock:
                    await self.subscribe(message.channel, message.since)
            elif isinstance(message, messages.Unsubscribe):
                self.subscriptions.remove(message.channel)
                await self.send([messages.unsubscribed(message.channel)])
            else:
                await self.send([messages.pong()])
        except MessageError as refused:
            self.bad_messages += 1
            await self.send([messages.error(refused.errors)])
        except SQLAlchemyError as error:
            log.warning("a message needs the database: %s", str(error).partition("\n")[0])
            await self.send([messages.error({"server": ["unavailable"]})])

    async def subscribe(self, channel: str, since: int | None) -> None:
        """Start with the newest event, or send the events since the given one first."""
        subscriptions = self.subscriptions
        subscriptions.subscribed_to_feed |= channel == "feed"
        async with self.sessions.reading() as session:
            article_id, newest = await services.get_start(
                session, channel=channel, since=since, user_id=subscriptions.user_id
            )
        position = subscriptions.add(channel, article_id, newest if since is None else since)
        await self.send([messages.subscribed(channel, newest)])
        while position < newest:
            published = [one for one in await self.get_published(position) if one.id <= newest]
            await self.send(subscriptions.replay(one, channel) for one in published)
            position = published[-1].id if published else newest
        subscriptions.position = newest

    async def send_events(self) -> None:
        """Send events as they come; raises `Closed`."""
        while True:
            more = self.hub.more
            async with self.send_lock:
                try:
                    sent = await self.catch_up()
                except SQLAlchemyError:
                    raise Closed(CloseCode.TRY_AGAIN_LATER) from None
            if not sent:
                await more.wait()

    async def catch_up(self) -> bool:
        """Send new events, a part of them if there are many; returns whether there were any."""
        subscriptions = self.subscriptions
        if not subscriptions.channels:
            return False
        published = self.hub.backlog.after(subscriptions.position)
        if published is None:
            published = await self.get_published(subscriptions.position)
        await self.send(subscriptions.advance(one) for one in published)
        return bool(published)

    async def get_published(self, after: int) -> list[PublishedEvent]:
        user_id = self.subscriptions.user_id
        async with self.sessions.reading() as session:
            return await services.get_published(
                session, after=after, get_listeners=lambda: [user_id] if user_id else []
            )

    async def send(self, frames: Iterable[str | None]) -> None:
        """Raises `Closed` if the client does not receive them in time."""
        try:
            async with asyncio.timeout(SEND_TIMEOUT):
                for frame in frames:
                    if frame is not None:
                        await self.websocket.send_text(frame)
        except TimeoutError:
            raise Closed(CloseCode.TRY_AGAIN_LATER) from None

    async def close(self, code: CloseCode) -> None:
        """Send the close frame; the server closes the connection also if this fails."""
        with suppress(TimeoutError, WebSocketDisconnect):
            async with asyncio.timeout(CLOSE_TIMEOUT):
                await self.websocket.close(code)
