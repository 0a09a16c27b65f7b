"""How the server reads HTTP: `uvicorn --http conduit.protocol:StrictProtocol`.

Without this, uvicorn with httptools reads the body of a request with an `Upgrade` as another
request (its issue 2722), trailers as headers, and a target `http://host` as an empty path.
"""

import re
from collections.abc import Iterator

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

TARGET_WITHOUT_PATH = re.compile(rb"https?://[^/?#]+(?=[?#]|$)", re.IGNORECASE)
# Headers of the connection only: removed when a request is parsed again.
CONNECTION_HEADERS = {b"connection", b"upgrade", b"http2-settings"}


class StrictProtocol(HttpToolsProtocol):
    """Reads a request completely, whatever protocol its `Upgrade` requests."""

    reading_headers = True

    def data_received(self, data: bytes) -> None:
        if self.parser is None:
            return
        self._unset_keepalive_if_required()
        try:
            while (rest := self.feed(data)) is not None:
                self.feed(self.read_again())
                data = rest
        except httptools.HttpParserError:
            message = "Invalid HTTP request received."
            self.logger.warning(message)
            self.send_400_response(message)

    def feed(self, data: bytes) -> bytes | None:
        """Parse the data; return the rest if the parser stops at an upgrade that is not ours."""
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            if not self._should_upgrade():
                return data[upgrade.args[0] :]
            self.handle_websocket_upgrade()
        return None

    def read_again(self) -> bytes:
        """Create a new parser; return the request head for it, without the upgrade."""
        self.parser = httptools.HttpRequestParser(self)
        self.parser.set_dangerous_leniencies(lenient_data_after_close=True)
        return b"".join(self.head_without_upgrade())

    def head_without_upgrade(self) -> Iterator[bytes]:
        version = self.scope["http_version"].encode()
        yield b"%s %s HTTP/%s\r\n" % (self.scope["method"].encode(), self.url, version)
        for name, value in self.headers:
            if name not in CONNECTION_HEADERS:
                yield b"%s: %s\r\n" % (name, value)
        if b"close" in self.connection_options():
            yield b"connection: close\r\n"
        yield b"\r\n"

    def connection_options(self) -> set[bytes]:
        values = [value.lower() for name, value in self.headers if name == b"connection"]
        return {word.strip() for word in b",".join(values).split(b",")}

    def _get_upgrade(self) -> bytes | None:
        """The requested protocol; several `Upgrade` headers are joined, so they match none."""
        upgrades = [value.lower() for name, value in self.headers if name == b"upgrade"]
        return b",".join(upgrades) if b"upgrade" in self.connection_options() else None

    def _should_upgrade(self) -> bool:
        """Whether this is a WebSocket handshake: a GET with HTTP/1.1 and no body."""
        names = {name for name, _ in self.headers}
        return (
            super()._should_upgrade()
            and self.scope["method"] == "GET"
            and self.scope["http_version"] == "1.1"
            and not names & {b"content-length", b"transfer-encoding"}
        )

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.reading_headers = True

    def on_header(self, name: bytes, value: bytes) -> None:
        if self.reading_headers:  # and not a trailer
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        self.reading_headers = False
        if self.parser.should_upgrade():
            self.scope["method"] = self.parser.get_method().decode()
            self.scope["http_version"] = self.parser.get_http_version()
            if not self._should_upgrade():
                if self.scope["method"] == "CONNECT":
                    raise ValueError("there is nothing to connect to")
                return  # it is read again
        if TARGET_WITHOUT_PATH.match(self.url):
            self.url = TARGET_WITHOUT_PATH.sub(rb"\g<0>/", self.url, count=1)
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        if not self.is_parsed_again():
            super().on_body(body)

    def on_message_complete(self) -> None:
        if not self.is_parsed_again():
            super().on_message_complete()

    def is_parsed_again(self) -> bool:
        """Whether the request will be parsed again without its `Upgrade`."""
        return bool(self.parser.should_upgrade()) and not self._should_upgrade()
