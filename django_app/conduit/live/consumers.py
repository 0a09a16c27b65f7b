"""The socket: authentication, the client's messages, and the events that are sent."""

import asyncio
import logging
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer
from django.db import Error
from django.http import HttpRequest, HttpResponse, QueryDict
from django.views.decorators.http import require_safe

from ..accounts.auth import authenticate
from ..accounts.tokens import read_credentials, read_token
from ..errors import ApiError, respond
from . import messages, services
from .hub import hub
from .messages import CloseCode, MessageError
from .subscriptions import PublishedEvent, Subscriptions

log = logging.getLogger("conduit.live")

# Seconds in which a client must have received the frames that are sent to it.
SEND_TIMEOUT = 5
CLOSE_TIMEOUT = 1


@require_safe
def require_upgrade(request: HttpRequest) -> HttpResponse:
    return respond(426, {"upgrade": ["is required"]}, {"Upgrade": "websocket"})


def get_user_id(authorization: str | None, token: str | None) -> int | None:
    """The user of the token in the header, or in the query; raises `Unauthorized`."""
    if authorization:
        token = read_credentials(authorization)
    if not token:
        return None
    return authenticate(read_token(token)).pk


class LiveConsumer(AsyncWebsocketConsumer):
    def __init__(self) -> None:
        super().__init__()
        self.subscriptions = Subscriptions(None)
        self.bad_messages = 0
        # Held while events are sent, so that they are sent in order.
        self.send_lock = asyncio.Lock()
        self.sending: asyncio.Task[None] | None = None
        self.cut = asyncio.Event()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Like Channels' method, but also ends when the client receives events too slowly."""
        both = [
            asyncio.create_task(super().__call__(scope, receive, send)),
            asyncio.create_task(self.cut.wait()),
        ]
        try:
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        finally:
            hub.leave(self.subscriptions)
            tasks = [*both, *filter(None, [self.sending])]
            for task in tasks:
                task.cancel()
        for ended in await asyncio.gather(*tasks, return_exceptions=True):
            if isinstance(ended, Exception) and not isinstance(ended, OSError):
                raise ended  # an OSError says that the client has left

    async def connect(self) -> None:
        await self.accept()
        headers = dict(self.scope["headers"])
        authorization = headers.get(b"authorization", b"").decode("latin-1")
        tokens = QueryDict(self.scope["query_string"])
        try:
            user_id = await query(get_user_id, authorization, tokens.get("token"))
        except ApiError as refused:
            await self.send(messages.error(refused.errors))
            await self.close(CloseCode.UNAUTHORIZED)
        except Error as error:
            log.warning("a socket cannot be opened: %s", str(error).partition("\n")[0])
            await self.send(messages.error({"server": ["unavailable"]}))
            await self.close(CloseCode.TRY_AGAIN_LATER)
        else:
            self.subscriptions.user_id = user_id
            hub.join(self.subscriptions)
            self.sending = asyncio.create_task(self.send_events())

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """Answer the client; some messages close the socket."""
        data: str | bytes = (bytes_data or b"") if text_data is None else text_data
        if messages.is_too_long(data):
            await self.close(CloseCode.POLICY_VIOLATION)
            return
        try:
            await self.answer(data)
        except TimeoutError:
            await self.give_up()
            self.cut.set()
        if self.bad_messages == messages.MAX_BAD_MESSAGES:
            await self.close(CloseCode.POLICY_VIOLATION)

    async def answer(self, data: str | bytes) -> None:
        try:
            message = messages.read(data)
            if isinstance(message, messages.Subscribe):
                async with self.send_lock:
                    await self.subscribe(message.channel, message.since)
            elif isinstance(message, messages.Unsubscribe):
                self.subscriptions.remove(message.channel)
                await self.send_all([messages.unsubscribed(message.channel)])
            else:
                await self.send_all([messages.pong()])
        except MessageError as refused:
            self.bad_messages += 1
            await self.send_all([messages.error(refused.errors)])
        except Error as error:
            log.warning("a message needs the database: %s", str(error).partition("\n")[0])
            await self.send_all([messages.error({"server": ["unavailable"]})])

    async def subscribe(self, channel: str, since: int | None) -> None:
        """Start with the newest event, or send the events since the given one first."""
        subscriptions = self.subscriptions
        subscriptions.subscribed_to_feed |= channel == "feed"
        article_id, newest = await query(
            services.get_start, channel=channel, since=since, user_id=subscriptions.user_id
        )
        position = subscriptions.add(channel, article_id, newest if since is None else since)
        await self.send_all([messages.subscribed(channel, newest)])
        while position < newest:
            published = [one for one in await self.get_published(position) if one.id <= newest]
            await self.send_all(subscriptions.replay(one, channel) for one in published)
            position = published[-1].id if published else newest
        subscriptions.position = newest

    async def send_events(self) -> None:
        """Send events as they come, until the client receives them too slowly."""
        try:
            while True:
                more = hub.more
                async with self.send_lock:
                    sent = await self.catch_up()
                if not sent:
                    await more.wait()
        except (TimeoutError, Error):
            await self.give_up()
        finally:
            self.cut.set()

    async def catch_up(self) -> bool:
        """Send new events, a part of them if there are many; returns whether there were any."""
        subscriptions = self.subscriptions
        if not subscriptions.channels:
            return False
        published = hub.backlog.after(subscriptions.position)
        if published is None:
            published = await self.get_published(subscriptions.position)
        await self.send_all(subscriptions.advance(one) for one in published)
        return bool(published)

    async def get_published(self, after: int) -> list[PublishedEvent]:
        user_id = self.subscriptions.user_id
        published: list[PublishedEvent] = await query(
            services.get_published, after=after, get_listeners=lambda: [user_id] if user_id else []
        )
        return published

    async def send_all(self, frames: Iterable[str | None]) -> None:
        """Raises `TimeoutError` if the client does not receive them in time."""
        async with asyncio.timeout(SEND_TIMEOUT):
            for frame in frames:
                if frame is not None:
                    await self.send(frame)

    async def give_up(self) -> None:
        """Send the close frame; the server closes the connection also if this fails."""
        with suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_TIMEOUT):
                await self.close(CloseCode.TRY_AGAIN_LATER)


async def query(function: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
    """Call a function that uses the database in a thread, and return its connection."""
    return await database_sync_to_async(function, thread_sensitive=False)(*arguments, **named)
