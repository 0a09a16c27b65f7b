"""The socket: who connects, what is asked, and what is told."""

import asyncio
import logging
from collections.abc import Iterable
from contextlib import suppress

from fastapi import APIRouter, Response, WebSocket, WebSocketDisconnect
from sqlalchemy.exc import SQLAlchemyError

from ..accounts.auth import authenticate
from ..accounts.tokens import read_credentials, read_token
from ..database import Sessions
from ..errors import ApiError, respond
from ..settings import Settings
from . import messages, services
from .hub import Hub
from .messages import Close, Refused
from .subscriptions import News, Subscriptions

log = logging.getLogger("conduit.live")

# Seconds in which a socket must have taken what there is for it.
PATIENCE = 5
TO_SAY_GOODBYE = 1

router = APIRouter()


@router.get("/live", include_in_schema=False)
async def require_upgrade() -> Response:
    return respond(426, {"upgrade": ["is required"]}, {"Upgrade": "websocket"})


@router.websocket("/live")
async def live(websocket: WebSocket) -> None:
    sessions: Sessions = websocket.app.state.sessions
    await websocket.accept()
    try:
        user_id = await get_user_id(websocket, sessions)
    except ApiError as refused:
        await websocket.send_text(messages.error(refused.errors))
        await websocket.close(Close.UNAUTHORIZED)
    except SQLAlchemyError as error:
        log.warning("a socket cannot be opened: %s", str(error).partition("\n")[0])
        await websocket.send_text(messages.error({"server": ["unavailable"]}))
        await websocket.close(Close.TRY_AGAIN)
    else:
        await Socket(websocket, websocket.app.state.hub, sessions, user_id).run()


async def no_socket_here(websocket: WebSocket) -> None:
    await websocket.send_denial_response(respond(404, {"route": ["not found"]}))


async def get_user_id(websocket: WebSocket, sessions: Sessions) -> int | None:
    """The user of the token in the header or else in the query; raises `Unauthorized`."""
    authorization = websocket.headers.get("Authorization")
    token = websocket.query_params.get("token")
    if authorization:
        token = read_credentials(authorization)
    if not token:
        return None
    async with sessions.reading() as session:
        settings: Settings = websocket.app.state.settings
        return (await authenticate(session, read_token(settings, token))).id


class Socket:
    def __init__(
        self, websocket: WebSocket, hub: Hub, sessions: Sessions, user_id: int | None
    ) -> None:
        self.websocket = websocket
        self.hub = hub
        self.sessions = sessions
        self.subscriptions = Subscriptions(user_id)
        self.refused = 0
        # Held while events are sent, so that they go out in order.
        self.turn = asyncio.Lock()

    async def run(self) -> None:
        """Listen and tell, until one of the two has a reason to end."""
        self.hub.join(self.subscriptions)
        both = [asyncio.create_task(self.listen()), asyncio.create_task(self.tell())]
        try:
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self.hub.leave(self.subscriptions)
            for task in both:
                task.cancel()
        for ended in await asyncio.gather(*both, return_exceptions=True):
            if isinstance(ended, Close):
                await self.close(ended)
            elif isinstance(ended, Exception) and not isinstance(ended, WebSocketDisconnect):
                raise ended

    async def listen(self) -> Close | None:
        """Answer the client; returns why the socket is to be closed, unless the client left."""
        try:
            while self.refused < messages.MOST_REFUSED:
                message = await self.websocket.receive()
                if message["type"] == "websocket.disconnect":
                    return None
                text = message.get("text")
                data: str | bytes = message["bytes"] if text is None else text
                if messages.is_too_long(data):
                    return Close.MISBEHAVED
                await self.answer(data)
            return Close.MISBEHAVED
        except TimeoutError:
            return Close.TRY_AGAIN

    async def answer(self, data: str | bytes) -> None:
        try:
            message = messages.read(data)
            if isinstance(message, messages.Subscribe):
                async with self.turn:
                    await self.subscribe(message.channel, message.since)
            elif isinstance(message, messages.Unsubscribe):
                self.subscriptions.remove(message.channel)
                await self.send([messages.unsubscribed(message.channel)])
            else:
                await self.send([messages.pong()])
        except Refused as refused:
            self.refused += 1
            await self.send([messages.error(refused.errors)])
        except SQLAlchemyError:
            await self.send([messages.error({"server": ["unavailable"]})])

    async def subscribe(self, channel: str, since: int | None) -> None:
        """Begin with the newest event, or tell first what has happened since that one."""
        subscriptions = self.subscriptions
        subscriptions.asked_for_feed |= channel == "feed"
        async with self.sessions.reading() as session:
            article_id, newest = await services.get_start(
                session, channel=channel, since=since, user_id=subscriptions.user_id
            )
        told = subscriptions.add(channel, article_id, newest if since is None else since)
        await self.send([messages.subscribed(channel, newest)])
        while told < newest:
            news = [one for one in await self.get_news(told) if one.id <= newest]
            await self.send(subscriptions.replay(one, channel) for one in news)
            told = news[-1].id if news else newest
        subscriptions.position = newest

    async def tell(self) -> Close:
        """Send events as they come, until the client takes them too slowly."""
        try:
            while True:
                more = self.hub.more
                async with self.turn:
                    told = await self.catch_up()
                if not told:
                    await more.wait()
        except (TimeoutError, SQLAlchemyError):
            return Close.TRY_AGAIN

    async def catch_up(self) -> bool:
        """Tell what is new, or some of it to who is far behind; returns whether there was any."""
        subscriptions = self.subscriptions
        if not subscriptions.channels:
            return False
        news = self.hub.backlog.after(subscriptions.position)
        if news is None:
            news = await self.get_news(subscriptions.position)
        await self.send(subscriptions.advance(one) for one in news)
        return bool(news)

    async def get_news(self, after: int) -> list[News]:
        user_id = self.subscriptions.user_id
        async with self.sessions.reading() as session:
            return await services.get_news(
                session, after=after, get_listeners=lambda: [user_id] if user_id else []
            )

    async def send(self, frames: Iterable[str | None]) -> None:
        """Raises `TimeoutError` where the client does not take them in time."""
        async with asyncio.timeout(PATIENCE):
            for frame in frames:
                if frame is not None:
                    await self.websocket.send_text(frame)

    async def close(self, code: Close) -> None:
        """Say why, if the client takes that; the server closes the connection in any case."""
        with suppress(TimeoutError):
            async with asyncio.timeout(TO_SAY_GOODBYE):
                await self.websocket.close(code)
