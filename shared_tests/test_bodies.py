"""Which request bodies are read: size, media type, JSON, envelope."""

import json
from collections.abc import Iterator

import pytest

from .harness import Client, Person, rule, unique
from .harness.routes import WITH_BODY, WITHOUT_BODY

LIMIT = 1_048_576
TOO_LARGE = b'{"errors":{"body":["is too large (maximum is 1048576 bytes)"]}}'
NOT_JSON_TYPE = b'{"errors":{"body":["must be application/json"]}}'
NOT_JSON = b'{"errors":{"body":["is not valid JSON"]}}'

JSON_TYPE = {"Content-Type": "application/json"}
LOGIN = "/api/users/login"


def login_of(person: Person, more: str = "") -> bytes:
    """The body that logs this person in, followed by more members of the root."""
    user = json.dumps({"email": person.email, "password": person.password})
    return f'{{"user":{user}{more}}}'.encode()


def in_chunks(body: bytes) -> Iterator[bytes]:
    """The body in pieces, which makes httpx send it chunked."""
    for start in range(0, len(body), 65_536):
        yield body[start : start + 65_536]


# Media type


@rule("BODY-1")
@pytest.mark.parametrize(("method", "path", "_"), WITH_BODY)
def test_other_media_type(reader: Person, method: str, path: str, _: str) -> None:
    """A body of another media type returns 415 on every operation that takes a body."""
    answer = reader.request(method, path, content=b"{}", headers={"Content-Type": "text/plain"})
    assert answer.status == 415
    assert answer.body == NOT_JSON_TYPE


@rule("BODY-1")
def test_no_media_type(client: Client) -> None:
    """A body without a media type returns 415."""
    answer = client.post(LOGIN, content=b"{}")
    assert answer.status == 415
    assert answer.body == NOT_JSON_TYPE


@rule("BODY-1")
@pytest.mark.parametrize(
    "media_type",
    [
        "application/jsonp",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "*/*",
        "json",
        "",
        ";application/json",
        "application/json, text/plain",
        "application / json",
        "application/json\xa0",
    ],
)
def test_similar_media_types(reader: Person, media_type: str) -> None:
    """A media type that only resembles JSON's returns 415, also with a valid body."""
    content = login_of(reader)
    answer = reader.post(LOGIN, content=content, headers={"Content-Type": media_type})
    assert answer.status == 415
    assert answer.body == NOT_JSON_TYPE


@rule("BODY-2")
@pytest.mark.parametrize(
    "media_type",
    [
        "Application/JSON",
        "application/json;charset=latin-1",
        "application/json ; x",
        "application/json;",
    ],
)
def test_media_type_case_and_parameters(client: Client, media_type: str) -> None:
    """The case and parameters of the media type do not matter, nor does a wrong charset."""
    answer = client.post(LOGIN, content=b"[]", headers={"Content-Type": media_type})
    assert answer.status == 422
    assert answer.body == b'{"errors":{"body":["must be an object"]}}'


@rule("BODY-2", "FIELD-6")
def test_charset_is_ignored(anna: Person) -> None:
    """The body is read as UTF-8 with any charset parameter."""
    answer = anna.put(
        "/api/user",
        content='{"user":{"bio":"한글"}}'.encode(),
        headers={"Content-Type": "application/json; charset=euc-kr"},
    )
    assert answer.status == 200
    assert answer.json["user"]["bio"] == "한글"


# JSON


@rule("BODY-3")
@pytest.mark.parametrize(("method", "path", "_"), WITH_BODY)
def test_malformed_json(reader: Person, method: str, path: str, _: str) -> None:
    """Malformed JSON returns 400 on every operation that takes a body."""
    answer = reader.request(method, path, content=b'{"user":', headers=JSON_TYPE)
    assert answer.status == 400
    assert answer.body == NOT_JSON


@rule("BODY-3")
def test_empty_body(client: Client) -> None:
    """An empty body returns 400."""
    answer = client.post(LOGIN, content=b"", headers=JSON_TYPE)
    assert answer.status == 400
    assert answer.body == NOT_JSON


@rule("BODY-3")
@pytest.mark.parametrize(
    "body",
    [
        b" ",
        b"{",
        b"undefined",
        b'{"user":{}',
        b'{"user":{}} {}',
        b'{"user":{},}',
        b'{"user":[1,]}',
        b"{'user':{}}",
        b"{user:{}}",
        b'{"a":NaN}',
        b'{"a":-Infinity}',
        b'{"a":01}',
        b'{"a":+1}',
        b'{"a":1.}',
        b'{"a":.5}',
        b'{"a":"\t"}',
        b'{"a":"\x00"}',
        b'{"a":"\\x41"}',
        b'// comment\n{"user":{}}',
        b'\x0c{"user":{}}',
        b'{"user":{}}\x00',
        b"user[email]=a",
    ],
)
def test_strict_json(client: Client, body: bytes) -> None:
    """JSON is strict: no comments, no trailing commas, no NaN, nothing after the value."""
    answer = client.post(LOGIN, content=body, headers=JSON_TYPE)
    assert answer.status == 400
    assert answer.body == NOT_JSON


@rule("BODY-3")
def test_a_number_of_too_many_digits(client: Client) -> None:
    """An integer of 5,000 digits is more than the parser accepts."""
    answer = client.post(LOGIN, content=b'{"a":' + b"9" * 5_000 + b"}", headers=JSON_TYPE)
    assert answer.status == 400
    assert answer.body == NOT_JSON


@rule("BODY-3")
def test_unusual_json(reader: Person) -> None:
    """The contract accepts what the parser accepts: huge numbers, escaped pairs, empty names."""
    odd = r"""
        ,"a": [1e400, -1e999, -0, 1e-400, 123456789012345678901234567890]
        ,"b": ["\ud83c\udf89", "\u007f", "\u0000"]
        ,"": {"": []}
    """
    answer = reader.post(LOGIN, content=login_of(reader, odd), headers=JSON_TYPE)
    assert answer.status == 200
    assert answer.json["user"]["email"] == reader.email


@rule("BODY-3")
def test_white_space_around_json(reader: Person) -> None:
    """JSON's own white space is allowed around the value."""
    body = b" \r\n\t" + login_of(reader) + b"\n\n "
    answer = reader.post(LOGIN, content=body, headers=JSON_TYPE)
    assert answer.status == 200


@rule("BODY-4")
@pytest.mark.parametrize(
    "body",
    [
        pytest.param('{"user":{}}'.encode("utf-8-sig"), id="byte order mark"),
        pytest.param('{"user":{}}'.encode("utf-16"), id="utf-16"),
        pytest.param('{"user":{}}'.encode("utf-32"), id="utf-32"),
        pytest.param('{"a":"é"}'.encode("latin-1"), id="latin-1"),
        pytest.param(b'{"a":"\xff"}', id="no such byte"),
        pytest.param(b'{"a":"\xc0\x80"}', id="overlong"),
        pytest.param(b'{"a":"\xed\xa0\x80"}', id="surrogate in UTF-8"),
        pytest.param(b'{"a":"\xf4\x90\x80\x80"}', id="beyond Unicode"),
        pytest.param(b'{"a":"\xe2\x82"}', id="cut off"),
        pytest.param(b'{"a":"\\ud800"}', id="lone leading surrogate"),
        pytest.param(b'{"a":"\\udc00"}', id="lone trailing surrogate"),
        pytest.param(b'{"a":"\\udc00\\ud800"}', id="pair the wrong way"),
        pytest.param(b'{"a":"\\ud800x"}', id="surrogate and a letter"),
        pytest.param(b'{"\\ud800":1}', id="surrogate in a name"),
    ],
)
def test_other_encodings(client: Client, body: bytes) -> None:
    """JSON is UTF-8 without a byte order mark and without lone surrogates."""
    answer = client.post(LOGIN, content=body, headers=JSON_TYPE)
    assert answer.status == 400
    assert answer.body == NOT_JSON


@rule("BODY-5")
@pytest.mark.parametrize(
    ("open_", "close", "depth"),
    [("[", "]", 210), ('{"a":', "}", 210), ("[", "]", 100_000), ('{"a":', "}", 100_000)],
)
def test_deep_nesting(client: Client, open_: str, close: str, depth: int) -> None:
    """JSON that is nested too deeply returns 400, wherever the nesting is."""
    body = f'{{"user":{{}},"a":{open_ * depth}1{close * depth}}}'.encode()
    answer = client.post(LOGIN, content=body, headers=JSON_TYPE)
    assert answer.status == 400
    assert answer.body == NOT_JSON


@rule("BODY-5")
def test_nesting_that_is_never_closed(client: Client) -> None:
    """Half a megabyte of opening brackets returns 400."""
    answer = client.post(LOGIN, content=b"[" * 500_000, headers=JSON_TYPE)
    assert answer.status == 400
    assert answer.body == NOT_JSON


@rule("BODY-5")
def test_nesting_within_the_limit(reader: Person) -> None:
    """A hundred and ninety levels of nesting are accepted."""
    body = login_of(reader, ',"a":' + "[" * 190 + "]" * 190)
    answer = reader.post(LOGIN, content=body, headers=JSON_TYPE)
    assert answer.status == 200


@rule("BODY-6")
@pytest.mark.parametrize(
    ("operation", "root"),
    list(zip(WITH_BODY, ["[]", "null", '"text"', "5", "true", '[{"user":{}}]'], strict=True)),
)
def test_root_is_no_object(reader: Person, operation: tuple[str, str, str], root: str) -> None:
    """A root that is not an object returns 422 under `body`."""
    method, path, _ = operation
    answer = reader.request(method, path, content=root.encode(), headers=JSON_TYPE)
    assert answer.status == 422
    assert answer.body == b'{"errors":{"body":["must be an object"]}}'


@rule("BODY-7")
@pytest.mark.parametrize(("method", "path", "envelope"), WITH_BODY)
def test_no_envelope(reader: Person, method: str, path: str, envelope: str) -> None:
    """An envelope that is missing or null returns 422 under its name."""
    missing = reader.request(method, path, json={"nothing": {}})
    null = reader.request(method, path, json={envelope: None})
    assert missing.status == null.status == 422
    assert missing.body == f'{{"errors":{{"{envelope}":["can\'t be blank"]}}}}'.encode()
    assert null.body == missing.body


@rule("BODY-7")
@pytest.mark.parametrize(
    ("operation", "value"), list(zip(WITH_BODY, ["{}", [], 5, False, "", 1.5], strict=True))
)
def test_envelope_is_no_object(
    reader: Person, operation: tuple[str, str, str], value: object
) -> None:
    """An envelope of another type returns 422 under its name; JSON inside a string is a string."""
    method, path, envelope = operation
    answer = reader.request(method, path, json={envelope: value})
    assert answer.status == 422
    assert answer.body == f'{{"errors":{{"{envelope}":["must be an object"]}}}}'.encode()


@rule("BODY-8")
def test_unknown_fields(anna: Person) -> None:
    """Unknown fields with any value are ignored, both beside the envelope and inside it."""
    answer = anna.put(
        "/api/user",
        json={
            "extra": {"deep": [1, None, "\0"]},
            "user": {"bio": "Trains dragons", "id": 1, "token": "x", "isStaff": True, "\0": 5},
        },
    )
    assert answer.status == 200
    assert answer.json["user"]["bio"] == "Trains dragons"
    assert answer.json["user"]["token"] != "x"


@rule("BODY-8")
def test_field_names_are_case_sensitive(reader: Person) -> None:
    """A field name in snake case or in another case is an unknown field."""
    answer = reader.post(
        "/api/articles",
        json={"article": {"Title": "x", "description": "x", "body": "x", "tag_list": 5}},
    )
    assert answer.status == 422
    assert answer.body == b'{"errors":{"title":["can\'t be blank"]}}'


@rule("BODY-13")
def test_repeated_key(anna: Person) -> None:
    """If a key is repeated, the last value counts."""
    answer = anna.put(
        "/api/user",
        content=b'{"user":5,"user":{"bio":"first","bio":"last"}}',
        headers=JSON_TYPE,
    )
    assert answer.status == 200
    assert answer.json["user"]["bio"] == "last"


# Size


@rule("BODY-9")
@pytest.mark.parametrize(("method", "path", "_"), WITH_BODY)
def test_body_over_the_limit(reader: Person, method: str, path: str, _: str) -> None:
    """A body of 1 MiB plus one byte returns 413 on every operation that takes a body."""
    answer = reader.request(method, path, content=b" " * (LIMIT + 1), headers=JSON_TYPE)
    assert answer.status == 413
    assert answer.body == TOO_LARGE


@rule("BODY-9")
def test_body_of_the_limit(reader: Person) -> None:
    """A body of exactly 1 MiB is read."""
    body = login_of(reader).ljust(LIMIT)
    answer = reader.post(LOGIN, content=body, headers=JSON_TYPE)
    assert answer.status == 200
    assert answer.json["user"]["email"] == reader.email


@rule("BODY-10")
@pytest.mark.parametrize(("method", "path", "_"), WITH_BODY[1:3])
def test_chunked_body_over_the_limit(reader: Person, method: str, path: str, _: str) -> None:
    """A chunked body of 1 MiB plus one byte returns 413, with and without a token."""
    answer = reader.request(method, path, content=in_chunks(b" " * (LIMIT + 1)), headers=JSON_TYPE)
    assert answer.status == 413
    assert answer.body == TOO_LARGE


@rule("BODY-10")
def test_chunked_body_of_the_limit(reader: Person) -> None:
    """A chunked body of exactly 1 MiB is read."""
    body = login_of(reader).ljust(LIMIT)
    answer = reader.post(LOGIN, content=in_chunks(body), headers=JSON_TYPE)
    assert answer.status == 200
    assert answer.json["user"]["email"] == reader.email


@rule("BODY-10", "BODY-3")
def test_chunked_body_that_is_empty(client: Client) -> None:
    """A chunked body of zero bytes is an empty body."""
    answer = client.post(LOGIN, content=iter(()), headers=JSON_TYPE)
    assert answer.status == 400
    assert answer.body == NOT_JSON


@rule("BODY-9", "BODY-11")
@pytest.mark.parametrize("size", [LIMIT + 1, 3 * LIMIT])
def test_connection_after_a_413(client: Client, size: int) -> None:
    """After a 413, the connection answers the next request or is closed."""
    with client.wire() as wire:
        wire.request(
            "POST",
            LOGIN.encode(),
            b"Content-Type: application/json",
            b"Content-Length: %d" % size,
            body=b" " * size,
        )
        refused = wire.answer()
        if not wire.is_closed():
            wire.request("GET", b"/api/health")
            assert wire.answer().body == b'{"status":"ok"}'
    assert refused.status == 413
    assert refused.body == TOO_LARGE
    assert client.get("/api/health").status == 200


@rule("BODY-10", "BODY-11")
def test_connection_after_a_chunked_413(client: Client) -> None:
    """After a 413 for a chunked body, the connection answers the next request or is closed."""
    chunk = b"10000\r\n" + b" " * 65_536 + b"\r\n"
    with client.wire() as wire:
        wire.request(
            "POST",
            LOGIN.encode(),
            b"Content-Type: application/json",
            b"Transfer-Encoding: chunked",
            body=chunk * 20 + b"0\r\n\r\n",
        )
        refused = wire.answer()
        if not wire.is_closed():
            wire.request("GET", b"/api/health")
            assert wire.answer().body == b'{"status":"ok"}'
    assert refused.status == 413
    assert refused.body == TOO_LARGE


@rule("BODY-9", "BODY-11")
def test_huge_content_length(client: Client) -> None:
    """A huge Content-Length is refused before the body arrives."""
    with client.wire() as wire:
        wire.request(
            "POST",
            LOGIN.encode(),
            b"Content-Type: application/json",
            b"Content-Length: 9000000000000",
        )
        answer = wire.answer()
    assert answer.status == 413
    assert answer.body == TOO_LARGE


@rule("BODY-9")
def test_expecting_to_continue(client: Client) -> None:
    """A client that expects 100 Continue gets the usual response."""
    with client.wire() as wire:
        wire.request(
            "POST",
            LOGIN.encode(),
            b"Content-Type: application/json",
            b"Expect: 100-continue",
            b"Content-Length: 2",
        )
        wire.send(b"[]")
        answer = wire.raw_answer()
        if answer.status == 100:
            answer = wire.raw_answer()
    assert answer.status == 422
    assert answer.body == b'{"errors":{"body":["must be an object"]}}'


@rule("BODY-12")
@pytest.mark.parametrize(("method", "path"), WITHOUT_BODY)
def test_body_on_operations_without_one(reader: Person, method: str, path: str) -> None:
    """An operation that takes no body ignores a large body that is not JSON."""
    plain = reader.request(method, path)
    answer = reader.request(
        method, path, content=b"{" * LIMIT, headers={"Content-Type": "text/plain"}
    )
    assert answer.status == plain.status
    assert answer.body == plain.body


@rule("BODY-12", "BODY-11")
def test_connection_after_an_unread_body(reader: Person) -> None:
    """After a large body that no operation reads, the next request still works."""
    username = unique("nobody")
    with reader.wire() as wire:
        wire.request(
            "POST",
            f"/api/profiles/{username}/follow".encode(),
            f"Authorization: Token {reader.token}".encode(),
            b"Content-Length: %d" % LIMIT,
            body=b" " * LIMIT,
        )
        answer = wire.answer()
        if not wire.is_closed():
            wire.request("GET", b"/api/health")
            assert wire.answer().body == b'{"status":"ok"}'
    assert answer.status == 404
    assert answer.body == b'{"errors":{"profile":["not found"]}}'
