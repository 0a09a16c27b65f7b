"""Live events on one socket."""

import json

import pytest

from .harness import Client, Person, comment_on, register, rule, unique, write_article
from .harness.live import Socket, handshake, names_of, open_socket, read_description, validator
from .harness.servers import SECRET, Server
from .harness.tokens import claims_of, make

pytestmark = pytest.mark.live

# Opening a socket.


@rule("LIVE-1")
def test_without_upgrade(client: Client) -> None:
    """A GET that does not ask for an upgrade returns 426."""
    answer = client.get("/api/live")
    assert answer.status == 426
    assert answer.headers["Upgrade"] == "websocket"
    assert answer.body == b'{"errors":{"upgrade":["is required"]}}'


@rule("LIVE-1")
def test_without_upgrade_and_without_a_body(client: Client) -> None:
    """HEAD returns the same as GET, without the body."""
    answer = client.head("/api/live")
    assert answer.status == 426
    assert answer.headers["Upgrade"] == "websocket"
    assert answer.body == b""


@rule("LIVE-1")
def test_methods_of_the_socket(client: Client) -> None:
    """The path of the socket has only GET and HEAD."""
    answer = client.post("/api/live", json={})
    assert answer.status == 405
    assert answer.headers["Allow"] == "GET, HEAD"
    assert answer.body == b'{"errors":{"method":["not allowed"]}}'


@rule("LIVE-1")
def test_socket_is_no_operation(client: Client) -> None:
    """The OpenAPI document does not contain the socket."""
    answer = client.get("/api/openapi.json")
    assert answer.status == 200
    assert "/api/live" not in answer.json["paths"]


@rule("LIVE-2")
@pytest.mark.parametrize(
    "path", ["/", "/api/articles", "/api/nothing", "/api//live", "/api/live/x"]
)
def test_upgrade_elsewhere(client: Client, path: str) -> None:
    """A handshake at any other path returns 404."""
    with client.wire() as wire:
        wire.send(handshake(path))
        answer = wire.raw_answer()
    assert answer.status == 404
    assert answer.body == b'{"errors":{"route":["not found"]}}'
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert "Vary" not in answer.headers


@rule("LIVE-2")
@pytest.mark.parametrize(
    "changed",
    [
        {"Sec_WebSocket_Version": "12"},
        {"Sec_WebSocket_Key": ""},
        {"Sec_WebSocket_Key": "short"},
        {"Sec_WebSocket_Key": "not base64 at all, is it"},
    ],
)
def test_malformed_upgrade(client: Client, changed: dict[str, str]) -> None:
    """A malformed handshake opens no socket, and the server keeps running."""
    with client.wire() as wire:
        wire.send(handshake("/api/live", **changed))
        assert 400 <= wire.raw_answer().status < 500
    assert client.get("/api/health").status == 200


@rule("LIVE-2")
def test_upgrade_at_another_host(restricted: Server) -> None:
    """A handshake with a host that is not allowed returns 400."""
    with restricted.client.wire() as wire:
        wire.send(handshake("/api/live", Host="evil.example"))
        assert wire.raw_answer().status == 400


@rule("LIVE-3")
def test_socket_without_token(client: Client) -> None:
    """A socket does not need a token."""
    with Socket(client.base_url) as socket:
        assert socket.subscribe("articles")["id"] >= 0


@rule("LIVE-3")
@pytest.mark.parametrize("scheme", ["Token", "bearer"])
def test_token_in_the_header(anna: Person, scheme: str) -> None:
    """A token can be sent in the header, as for other requests."""
    with Socket(anna.base_url, headers={"Authorization": f"{scheme} {anna.token}"}) as socket:
        socket.subscribe("feed")


@rule("LIVE-3")
def test_token_in_the_query(anna: Person) -> None:
    """A token can be sent in the query, for browsers."""
    with Socket(anna.base_url, f"/api/live?token={anna.token}") as socket:
        socket.subscribe("feed")


@rule("LIVE-3")
def test_token_in_both(anna: Person) -> None:
    """If both have a token, the one in the header counts."""
    headers = {"Authorization": f"Token {anna.token}"}
    with Socket(anna.base_url, "/api/live?token=wrong", headers) as socket:
        socket.subscribe("feed")


@rule("LIVE-3")
def test_empty_token(client: Client) -> None:
    """An empty token counts as absent."""
    with Socket(client.base_url, "/api/live?token=", {"Authorization": ""}) as socket:
        assert socket.ask("subscribe", channel="feed")["errors"] == {"token": ["is missing"]}


@rule("LIVE-4")
@pytest.mark.parametrize(
    "target", ["/api/live?token=wrong", "/api/live?token=%00", "/api/live?token=%FF"]
)
def test_bad_token_in_the_query(client: Client, target: str) -> None:
    """A bad token in the query closes the socket, after an error with the reason."""
    with Socket(client.base_url, target) as socket:
        assert socket.receive() == {"type": "error", "errors": {"token": ["is invalid"]}}
        assert socket.closed_with() == 4401


@rule("LIVE-4")
@pytest.mark.parametrize("authorization", ["Token wrong", "Basic dTpw", "Token"])
def test_bad_token_in_the_header(client: Client, authorization: str) -> None:
    """A bad token in the header closes the socket, after an error with the reason."""
    with Socket(client.base_url, headers={"Authorization": authorization}) as socket:
        assert socket.receive() == {"type": "error", "errors": {"token": ["is invalid"]}}
        assert socket.closed_with() == 4401


@rule("LIVE-4")
def test_expired_token(server: Server, anna: Person) -> None:
    """An expired token closes the socket, after an error with the reason."""
    claims = claims_of(anna.signed_in_with)
    token = make({**claims, "iat": claims["iat"] - 100, "exp": claims["iat"] - 50}, SECRET)
    with Socket(anna.base_url, f"/api/live?token={token}") as socket:
        assert socket.receive() == {"type": "error", "errors": {"token": ["has expired"]}}
        assert socket.closed_with() == 4401


@rule("LIVE-25")
def test_frames_are_not_compressed(client: Client) -> None:
    """The server does not accept compression that a client offers."""
    with Socket(client.base_url) as socket:
        assert socket.connection.response is not None
        assert "Sec-WebSocket-Extensions" not in socket.connection.response.headers


# Messages.


@rule("LIVE-5")
def test_subscribe(client: Client, anna: Person) -> None:
    """The reply to `subscribe` has the id of the newest event."""
    with Socket(client.base_url) as socket:
        before = socket.subscribe("articles")
        write_article(anna)
        [event] = socket.receive_events(1)
        after = socket.subscribe("articles")
    assert list(after) == ["type", "channel", "id"]
    assert event["id"] == after["id"] > before["id"]


@rule("LIVE-5")
def test_first_event(production: Server) -> None:
    """Before the first event, the id is 0."""
    with Socket(production.url) as socket:
        answer = socket.subscribe("articles")
    assert answer == {"type": "subscribed", "channel": "articles", "id": 0}


@rule("LIVE-6")
def test_unsubscribe(client: Client, anna: Person) -> None:
    """After `unsubscribe`, no more events of that channel arrive."""
    with Socket(client.base_url) as socket:
        socket.subscribe("articles")
        answer = socket.ask("unsubscribe", channel="articles")
        assert answer == {"type": "unsubscribed", "channel": "articles"}
        write_article(anna)
        with Socket(client.base_url) as other:
            other.subscribe("articles")
        assert socket.is_silent()


@rule("LIVE-6")
@pytest.mark.parametrize("channel", ["articles", "feed", "article:none", "no channel"])
def test_unsubscribe_from_nothing(client: Client, channel: str) -> None:
    """Unsubscribing from a channel without a subscription is not an error."""
    with Socket(client.base_url) as socket:
        answer = socket.ask("unsubscribe", channel=channel)
    assert answer == {"type": "unsubscribed", "channel": channel}


@rule("LIVE-7")
def test_ping(client: Client) -> None:
    """`ping` is answered with `pong`."""
    with Socket(client.base_url) as socket:
        assert socket.ask("ping", more="is ignored") == {"type": "pong"}


@rule("LIVE-8")
@pytest.mark.parametrize(
    ("message", "errors"),
    [
        (b'{"type":"ping"}', {"message": ["must be text"]}),
        (b"", {"message": ["must be text"]}),
        ("", {"message": ["is not valid JSON"]}),
        ("{", {"message": ["is not valid JSON"]}),
        ('{"type":"ping"} {}', {"message": ["is not valid JSON"]}),
        ('{"type":NaN}', {"message": ["is not valid JSON"]}),
        ('{"type":"\\ud800"}', {"message": ["is not valid JSON"]}),
        ("[" * 5_000 + "]" * 5_000, {"message": ["is not valid JSON"]}),
        ("[]", {"message": ["must be an object"]}),
        ('"ping"', {"message": ["must be an object"]}),
        ("null", {"message": ["must be an object"]}),
        ("{}", {"type": ["can't be blank"]}),
        ('{"type":null}', {"type": ["can't be blank"]}),
        ('{"type":" "}', {"type": ["can't be blank"]}),
        ('{"type":7}', {"type": ["must be a string"]}),
        ('{"type":"\\u0000"}', {"type": ["is invalid"]}),
        ('{"type":"event"}', {"type": ["is invalid"]}),
        ('{"type":"PING"}', {"type": ["is invalid"]}),
        ('{"type":"subscribe"}', {"channel": ["can't be blank"]}),
        ('{"type":"unsubscribe","channel":[]}', {"channel": ["must be a string"]}),
        ('{"type":"subscribe","channel":"a\\u0000"}', {"channel": ["is invalid"]}),
        ('{"type":"subscribe","channel":"Articles"}', {"channel": ["is invalid"]}),
        ('{"type":"subscribe","channel":"comments"}', {"channel": ["is invalid"]}),
        ('{"type":"subscribe","channel":"articles:x"}', {"channel": ["is invalid"]}),
        (
            '{"type":"subscribe","channel":"articles","since":"1"}',
            {"since": ["must be an integer"]},
        ),
        (
            '{"type":"subscribe","channel":"articles","since":1.0}',
            {"since": ["must be an integer"]},
        ),
        (
            '{"type":"subscribe","channel":"articles","since":true}',
            {"since": ["must be an integer"]},
        ),
        (
            '{"type":"subscribe","channel":5,"since":{}}',
            {"channel": ["must be a string"], "since": ["must be an integer"]},
        ),
    ],
)
def test_bad_message(client: Client, message: str | bytes, errors: dict[str, list[str]]) -> None:
    """A bad message is answered with an error, and the socket stays open."""
    with Socket(client.base_url) as socket:
        socket.send(message)
        assert socket.receive() == {"type": "error", "errors": errors}
        assert socket.ask("ping") == {"type": "pong"}


@rule("LIVE-9")
@pytest.mark.parametrize("slug", ["", "nobody-wrote-this", "' OR 1=1 --", "한글", "x" * 9_000])
def test_channel_of_no_article(client: Client, slug: str) -> None:
    """An article that does not exist has no channel."""
    with Socket(client.base_url) as socket:
        answer = socket.ask("subscribe", channel=f"article:{slug}")
    assert answer == {"type": "error", "errors": {"channel": ["not found"]}}


@rule("LIVE-9")
def test_feed_channel_without_token(client: Client) -> None:
    """Without a token there is no feed."""
    with Socket(client.base_url) as socket:
        answer = socket.ask("subscribe", channel="feed", since=0)
    assert answer == {"type": "error", "errors": {"token": ["is missing"]}}


@rule("LIVE-10")
def test_longest_message(client: Client) -> None:
    """A message of 16 KiB is accepted."""
    message = json.dumps({"type": "ping", "x": "é"}, ensure_ascii=False)
    with Socket(client.base_url) as socket:
        socket.send(message + " " * (16_384 - len(message.encode())))
        assert socket.receive() == {"type": "pong"}


@rule("LIVE-10")
@pytest.mark.parametrize("message", ["é" * 8_192 + " ", b" " * 16_385, " " * 1_000_000])
def test_message_that_is_too_long(client: Client, message: str | bytes) -> None:
    """A message of more than 16 KiB closes the socket."""
    with Socket(client.base_url) as socket:
        socket.send(message)
        assert socket.closed_with() == 1008


@rule("LIVE-27")
def test_frame_of_any_length(client: Client) -> None:
    """A frame that announces 2^62 bytes is refused, at the latest after 16 MiB."""
    with client.wire() as wire:
        wire.send(handshake("/api/live"))
        assert wire.raw_answer().status == 101
        code = wire.send_until_closed(b"\x82\xff" + (2**62).to_bytes(8) + b"mask", 20 * 1_048_576)
    assert code == 1009
    assert client.get("/api/health").status == 200


@rule("LIVE-11")
def test_too_many_bad_messages(client: Client) -> None:
    """The twentieth bad message closes the socket, even with good messages in between."""
    with Socket(client.base_url) as socket:
        for _ in range(19):
            socket.send("{")
            assert socket.receive()["type"] == "error"
        assert socket.ask("ping") == {"type": "pong"}
        socket.send_message("subscribe", channel="article:none")
        assert socket.receive() == {"type": "error", "errors": {"channel": ["not found"]}}
        assert socket.closed_with() == 1008


@rule("LIVE-8")
def test_frames_in_pieces(client: Client) -> None:
    """A message may be split into several frames."""
    with Socket(client.base_url) as socket:
        socket.connection.send(iter(['{"type":', '"pi', 'ng"}']))
        assert socket.receive() == {"type": "pong"}


# Events.


@rule("LIVE-12", "LIVE-13")
def test_events_of_an_article(client: Client, anna: Person, ben: Person) -> None:
    """Every change of an article sends an event, with data as an anonymous reader sees it."""
    with Socket(client.base_url) as socket:
        socket.subscribe("articles")
        article = write_article(anna, tagList=["live"])
        events = socket.receive_events(1)
        path = f"/api/articles/{article['slug']}"
        socket.subscribe(f"article:{article['slug']}")
        ben.post(f"{path}/favorite")
        comment = comment_on(article, ben)
        ben.delete(f"{path}/comments/{comment['id']}")
        ben.delete(f"{path}/favorite")
        updated = anna.put(path, json={"article": {"body": "Changed."}}).json
        anna.delete(path)
        events += socket.receive_events(6)
    both = ["articles", f"article:{article['slug']}"]
    assert names_of(events) == [
        ("article.created", ["articles"]),
        ("article.favorited", both),
        ("comment.created", both[1:]),
        ("comment.deleted", both[1:]),
        ("article.unfavorited", both),
        ("article.updated", both),
        ("article.deleted", both),
    ]
    ids = [event["id"] for event in events]
    assert ids == list(range(ids[0], ids[0] + 7))
    data = [event["data"] for event in events]
    assert data[0] == {"article": article}
    assert data[1] == {"article": {**article, "favoritesCount": 1}}
    assert data[2] == {"comment": comment}
    assert data[3] == {"id": comment["id"], "slug": article["slug"]}
    assert data[4] == {"article": article}
    assert data[5] == updated
    assert data[6] == {"slug": article["slug"]}


@rule("LIVE-13")
def test_created_is_not_sent_to_the_articles_channel(client: Client, anna: Person) -> None:
    """An article's channel does not get `article.created`."""
    article = write_article(anna)
    with Socket(client.base_url) as socket:
        socket.subscribe(f"article:{article['slug']}", since=0)
        assert socket.is_silent()


@rule("LIVE-13")
def test_channel_of_another_article(client: Client, anna: Person, ben: Person) -> None:
    """An article's channel gets no events of other articles."""
    article, other = write_article(anna), write_article(anna)
    with Socket(client.base_url) as socket:
        socket.subscribe(f"article:{article['slug']}")
        comment_on(other, ben)
        comment_on(article, ben, "This one.")
        [event] = socket.receive_events(1)
    assert event["data"]["comment"]["body"] == "This one."


@rule("LIVE-12")
def test_event_in_any_script(client: Client, anna: Person) -> None:
    """Text in an event is the same as it was written."""
    with Socket(client.base_url) as socket:
        socket.subscribe("articles")
        article = write_article(anna, unique("한글 🐉 "), body='"\\\n\u2028', tagList=["é"])
        [event] = socket.receive_events(1)
    assert event["data"] == {"article": article}


@rule("LIVE-14")
def test_feed_follows_follows(anna: Person, ben: Person) -> None:
    """The feed gets events of the authors that the user follows at that moment."""
    heard = []
    with open_socket(ben) as socket:
        socket.subscribe("feed")
        socket.subscribe("articles")
        write_article(anna)
        heard += socket.receive_events(1)
        ben.post(f"/api/profiles/{anna.username}/follow")
        article = write_article(anna)
        heard += socket.receive_events(1)
        comment_on(article, ben)
        ben.delete(f"/api/profiles/{anna.username}/follow")
        anna.delete(f"/api/articles/{article['slug']}")
        heard += socket.receive_events(1)
    assert names_of(heard) == [
        ("article.created", ["articles"]),
        ("article.created", ["feed", "articles"]),
        ("article.deleted", ["articles"]),
    ]


@rule("LIVE-14")
def test_feed_without_oneself(anna: Person) -> None:
    """Users cannot follow themselves, so their own articles are not in their feed."""
    with open_socket(anna) as socket:
        socket.subscribe("feed")
        socket.subscribe("articles")
        write_article(anna)
        [event] = socket.receive_events(1)
    assert event["channels"] == ["articles"]


@rule("LIVE-15")
def test_event_of_three_channels(anna: Person, ben: Person) -> None:
    """An event of several channels arrives once, with the channels in order of subscription."""
    article = write_article(anna)
    channel = f"article:{article['slug']}"
    ben.post(f"/api/profiles/{anna.username}/follow")
    with open_socket(ben) as socket:
        for name in ("feed", channel, "articles"):
            socket.subscribe(name)
        ben.post(f"/api/articles/{article['slug']}/favorite")
        assert names_of(socket.receive_events(1)) == [
            ("article.favorited", ["feed", channel, "articles"])
        ]
        assert socket.is_silent()


@rule("LIVE-16")
def test_channel_follows_a_rename(client: Client, anna: Person, ben: Person) -> None:
    """When an article's slug changes, its channel stays subscribed under the old name."""
    article = write_article(anna)
    old = f"article:{article['slug']}"
    with Socket(client.base_url) as socket:
        socket.subscribe(old)
        renamed = anna.put(
            f"/api/articles/{article['slug']}", json={"article": {"title": unique("Renamed ")}}
        ).json["article"]
        heard = socket.receive_events(1)
        new = f"article:{renamed['slug']}"
        socket.subscribe(new)
        comment_on(renamed, ben)
        heard += socket.receive_events(1)
        assert socket.ask("subscribe", channel=old)["errors"] == {"channel": ["not found"]}
    assert names_of(heard) == [("article.updated", [old]), ("comment.created", [old, new])]


@rule("LIVE-17")
def test_nothing_happens(client: Client, anna: Person, ben: Person) -> None:
    """A request that changes nothing or is refused sends no event."""
    article = write_article(anna)
    path = f"/api/articles/{article['slug']}"
    ben.post(f"{path}/favorite")
    with Socket(client.base_url) as socket:
        newest = socket.subscribe("articles")["id"]
        socket.subscribe(f"article:{article['slug']}")
        ben.post(f"{path}/favorite")
        anna.delete(f"{path}/favorite")
        ben.put(path, json={"article": {"body": "Not mine."}})
        ben.delete(path)
        anna.put(path, json={"article": {"title": ""}})
        ben.post(f"{path}/comments", json={"comment": {"body": ""}})
        anna.delete(f"{path}/comments/1")
        anna.post(f"/api/profiles/{ben.username}/follow")
        anna.put("/api/user", json={"user": {"bio": "New."}})
        register(client)
        assert socket.subscribe("articles")["id"] == newest
        assert socket.is_silent()


@rule("LIVE-17")
def test_empty_update_sends_an_event(client: Client, anna: Person) -> None:
    """A PUT of an article sends an event, even an empty one."""
    article = write_article(anna)
    with Socket(client.base_url) as socket:
        socket.subscribe("articles")
        updated = anna.put(f"/api/articles/{article['slug']}", json={"article": {}}).json
        [event] = socket.receive_events(1)
    assert event["data"] == updated


# Missed events.


@rule("LIVE-18")
def test_resume(client: Client, anna: Person, ben: Person) -> None:
    """A socket that resumes gets the events that it missed, in order, and then new ones."""
    with Socket(client.base_url) as socket:
        seen = socket.subscribe("articles")["id"]
    article = write_article(anna)
    comment_on(article, ben)
    ben.post(f"/api/articles/{article['slug']}/favorite")
    with Socket(client.base_url) as socket:
        assert socket.subscribe("articles", since=seen)["id"] == seen + 3
        missed = socket.receive_events(2)
        anna.delete(f"/api/articles/{article['slug']}")
        [new] = socket.receive_events(1)
    assert names_of([*missed, new]) == [
        ("article.created", ["articles"]),
        ("article.favorited", ["articles"]),
        ("article.deleted", ["articles"]),
    ]
    assert [event["id"] for event in [*missed, new]] == [seen + 1, seen + 3, seen + 4]


@rule("LIVE-18")
def test_resume_several_channels(anna: Person, ben: Person) -> None:
    """Events that one channel has delivered do not come again when another is resumed."""
    article = write_article(anna)
    channel = f"article:{article['slug']}"
    ben.post(f"/api/profiles/{anna.username}/follow")
    with open_socket(ben) as socket:
        seen = socket.subscribe("articles")["id"]
    ben.post(f"/api/articles/{article['slug']}/favorite")
    comment_on(article, ben)
    with open_socket(ben) as socket:
        socket.subscribe("feed", since=seen)
        [favorited] = socket.receive_events(1)
        socket.subscribe(channel, since=seen)
        [commented] = socket.receive_events(1)
        socket.subscribe("articles", since=seen)
        assert socket.is_silent()
        ben.delete(f"/api/articles/{article['slug']}/favorite")
        [new] = socket.receive_events(1)
    assert names_of([favorited, commented, new]) == [
        ("article.favorited", ["feed"]),
        ("comment.created", [channel]),
        ("article.unfavorited", ["feed", channel, "articles"]),
    ]


@rule("LIVE-18")
def test_resume_more_than_a_page(client: Client, anna: Person) -> None:
    """All missed events are delivered, no matter how many there are."""
    article = write_article(anna)
    path = f"/api/articles/{article['slug']}"
    with Socket(client.base_url) as socket:
        seen = socket.subscribe("articles")["id"]
        for _ in range(52):
            anna.post(f"{path}/favorite")
            anna.delete(f"{path}/favorite")
        live = socket.receive_events(104)
    with Socket(client.base_url) as socket:
        socket.subscribe("articles", since=seen)
        assert socket.receive_events(104) == live
        socket.subscribe(f"article:{article['slug']}", since=seen)
        assert socket.is_silent()
    assert [event["id"] for event in live] == list(range(seen + 1, seen + 105))


@rule("LIVE-18")
def test_resume_at_the_end(client: Client, anna: Person) -> None:
    """A socket that missed nothing gets nothing, and a `since` of null counts as absent."""
    write_article(anna)
    with Socket(client.base_url) as socket:
        newest = socket.subscribe("articles", since=None)["id"]
        assert socket.subscribe("articles", since=newest)["id"] == newest
        assert socket.is_silent()


@rule("LIVE-18")
def test_subscribe_again(client: Client, anna: Person) -> None:
    """A new subscription to a channel replaces the earlier one, and uses its own `since`."""
    with Socket(client.base_url) as socket:
        seen = socket.subscribe("articles")["id"]
        write_article(anna)
        first = socket.receive_events(1)
        socket.subscribe("articles", since=seen)
        assert socket.receive_events(1) == first
        assert socket.is_silent()


@rule("LIVE-19")
@pytest.mark.parametrize("offset", [1, 2**63, 10**30])
def test_since_the_future(client: Client, offset: int) -> None:
    """A `since` above the newest id is invalid."""
    with Socket(client.base_url) as socket:
        newest = socket.subscribe("articles")["id"]
        answer = socket.ask("subscribe", channel="articles", since=newest + offset)
    assert answer == {"type": "error", "errors": {"since": ["is invalid"]}}


@rule("LIVE-19")
def test_since_before_all(client: Client) -> None:
    """A `since` below 0 is invalid, and 0 is accepted."""
    with Socket(client.base_url) as socket:
        answer = socket.ask("subscribe", channel="articles", since=-1)
        assert answer == {"type": "error", "errors": {"since": ["is invalid"]}}
        socket.subscribe("articles", since=0)


@rule("LIVE-12")
def test_description_of_the_socket() -> None:
    """Each example in `spec/asyncapi.yaml` matches its schema."""
    for kind, message in read_description()["components"]["messages"].items():
        for example in message.get("examples", []):
            validator(kind).validate(example["payload"])


@rule("LIVE-20")
def test_events_are_kept_for_a_while(restricted: Server) -> None:
    """Old events are not delivered, and later writes delete them."""
    person = register(restricted.client)
    write_article(person)
    write_article(person)
    [(newest,)] = restricted.database.rows("SELECT value FROM event_counter")
    with Socket(restricted.url) as socket:
        # CONDUIT_EVENT_RETENTION is 60 seconds here.
        aged = "datetime(created_at, '-2 minutes')"
        if restricted.database.is_postgres:
            aged = "created_at - interval '2 minutes'"
        restricted.database.execute(f"UPDATE events SET created_at = {aged}")
        answer = socket.ask("subscribe", channel="articles", since=newest - 1)
        assert answer == {"type": "error", "errors": {"since": ["is too old"]}}
        assert socket.subscribe("articles", since=newest)["id"] == newest
        # Each write deletes some of the old events.
        write_article(person)
        write_article(person)
        heard = socket.receive_events(2)
    assert [event["id"] for event in heard] == [newest + 1, newest + 2]
    kept = restricted.database.rows("SELECT id FROM events ORDER BY id")
    assert kept == [(newest + 1,), (newest + 2,)]
