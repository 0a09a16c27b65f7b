"""Tokens: valid ones, and every kind of invalid one."""

import base64
import json
import re
import time
from typing import Any

import pytest

from .harness import Client, Person, pinned, register, rule
from .harness.routes import OPTIONAL_TOKEN, WITHOUT_BODY
from .harness.servers import SECRET, Server
from .harness.tokens import claims_of, encode, make, sign, valid_claims

MISSING = b'{"errors":{"token":["is missing"]}}'
INVALID = b'{"errors":{"token":["is invalid"]}}'
EXPIRED = b'{"errors":{"token":["has expired"]}}'


def claims_for(person: Person) -> dict[str, Any]:
    """The claims of a valid token of this person."""
    claims = claims_of(person.signed_in_with)
    return valid_claims(claims["sub"], claims["ver"], claims["sid"])


def sign_in(client: Client, person: Person) -> str:
    """The token of a new session."""
    user = {"email": person.email, "password": person.password}
    login = client.post("/api/users/login", json={"user": user})
    assert login.status == 200
    token: str = login.json["user"]["token"]
    return token


@rule("TOKEN-1")
@pytest.mark.parametrize("scheme", ["Token", "tOKEN", "Bearer", "bEaReR"])
def test_schemes(client: Client, reader: Person, scheme: str) -> None:
    """`Token` and `Bearer` are equivalent, in upper or lower case."""
    answer = client.get("/api/user", headers={"Authorization": f"{scheme} {reader.token}"})
    assert answer.status == 200
    assert answer.json["user"]["username"] == reader.username


@rule("TOKEN-2")
def test_no_header(client: Client) -> None:
    """Without the header, the token is missing."""
    answer = client.get("/api/user")
    assert answer.status == 401
    assert answer.body == MISSING


@rule("TOKEN-2")
@pytest.mark.parametrize("field", [b"Authorization:", b"Authorization: \t "])
def test_empty_header(client: Client, field: bytes) -> None:
    """An empty header counts as absent, with or without white space."""
    with client.wire() as wire:
        wire.request("GET", b"/api/user", field)
        answer = wire.answer()
    assert answer.status == 401
    assert answer.body == MISSING


@rule("TOKEN-2")
def test_empty_header_where_a_token_is_optional(client: Client) -> None:
    """Where a token is optional, an empty header also counts as absent."""
    answer = client.get("/api/articles?tag=no-such-tag", headers={"Authorization": ""})
    assert answer.status == 200
    assert answer.body == b'{"articles":[],"articlesCount":0}'


@rule("TOKEN-3")
@pytest.mark.parametrize(
    ("path", "value"),
    list(zip(OPTIONAL_TOKEN, ["Token nonsense", "Basic YTpi", "nonsense", "Token"], strict=True)),
)
def test_bad_token_where_one_is_optional(client: Client, path: str, value: str) -> None:
    """Where a token is optional, a bad token is not ignored."""
    answer = client.get(path, headers={"Authorization": value})
    assert answer.status == 401
    assert answer.body == INVALID


@rule("TOKEN-4")
@pytest.mark.parametrize(("method", "path"), WITHOUT_BODY)
def test_bad_token_where_one_must_be(client: Client, method: str, path: str) -> None:
    """A bad token returns 401 wherever a token is required."""
    answer = client.with_token("nonsense").request(method, path)
    assert answer.status == 401
    assert answer.body == INVALID


@rule("TOKEN-4")
@pytest.mark.parametrize(
    "value",
    [
        "Token",
        "Bearer",
        "Basic {token}",
        "JWT {token}",
        "Tokens {token}",
        "{token}",
        "Token={token}",
        "Token {token} {token}",
        "Token {token}, Bearer {token}",
        "Token Bearer {token}",
        'Token "{token}"',
        "Token {token}x",
        "Token {token}.",
        "Token .{token}",
        "Token x",
        "Token ..",
        "Token a.b.c",
        "Token %00",
    ],
)
def test_shapes(client: Client, reader: Person, value: str) -> None:
    """Another scheme, a scheme alone, or a malformed token is invalid."""
    header = value.replace("{token}", str(reader.token))
    answer = client.get("/api/user", headers={"Authorization": header})
    assert answer.status == 401
    assert answer.body == INVALID


@rule("TOKEN-4", "FAIL-4")
@pytest.mark.parametrize(
    "value",
    [
        b"Token \xff\xfe",
        "Token 한글.한글.한글".encode(),
        "Tokén x".encode(),
        b"Token " + b"." * 7_900,
        b"Token " + b"e30." * 1_900,
    ],
)
def test_bytes_in_the_header(client: Client, value: bytes) -> None:
    """Bytes that no token contains are invalid, and cause no failure."""
    answer = client.get("/api/user", headers={"Authorization": value})
    assert answer.status == 401
    assert answer.body == INVALID


@rule("TOKEN-4")
@pytest.mark.parametrize("part", [0, 1, 2])
def test_one_letter_changed(client: Client, reader: Person, part: int) -> None:
    """A token with one changed letter, in any of its parts, is invalid."""
    parts = str(reader.token).split(".")
    letter = parts[part][4]
    parts[part] = parts[part][:4] + ("A" if letter != "A" else "B") + parts[part][5:]
    answer = client.with_token(".".join(parts)).get("/api/user")
    assert answer.status == 401
    assert answer.body == INVALID


@rule("TOKEN-4")
@pytest.mark.parametrize("signature", ["", "=", "A" * 43])
def test_other_signatures(client: Client, reader: Person, signature: str) -> None:
    """A token with another signature, or without one, is invalid."""
    signed = str(reader.token).rpartition(".")[0]
    answer = client.with_token(f"{signed}.{signature}").get("/api/user")
    assert answer.status == 401
    assert answer.body == INVALID


@rule("TOKEN-4")
def test_parts_of_two_tokens(client: Client, anna: Person, ben: Person) -> None:
    """The claims of one user with the signature of another are invalid."""
    header, claims, _ = anna.signed_in_with.split(".")
    signature = ben.signed_in_with.split(".")[2]
    answer = client.with_token(f"{header}.{claims}.{signature}").get("/api/user")
    assert answer.status == 401
    assert answer.body == INVALID


@rule("TOKEN-4")
@pytest.mark.parametrize(
    "key", ["", "conduit-development-secret-never-for-production", SECRET + "x"]
)
def test_other_keys(server: Server, reader: Person, key: str) -> None:
    """A token signed with another key is invalid."""
    answer = server.client.with_token(make(claims_for(reader), key)).get("/api/user")
    assert answer.status == 401
    assert answer.body == INVALID


@rule("TOKEN-4", "TOKEN-6")
def test_valid_handmade_token(server: Server, reader: Person) -> None:
    """A correct handmade token is valid, so the other tests fail only because of their changes."""
    answer = server.client.with_token(make(claims_for(reader), SECRET)).get("/api/user")
    assert answer.status == 200
    assert answer.json["user"]["username"] == reader.username


@rule("TOKEN-5")
@pytest.mark.parametrize(
    ("algorithm", "signed"),
    [("none", False), ("none", True), ("None", False), ("nOnE", False), ("", False)],
)
def test_no_algorithm(server: Server, reader: Person, algorithm: str, signed: bool) -> None:
    """A token with the algorithm `none` is invalid, signed or not."""
    token = make(claims_for(reader), SECRET, {"alg": algorithm, "typ": "JWT"})
    if not signed:
        token = token.rpartition(".")[0] + "."
    answer = server.client.with_token(token).get("/api/user")
    assert answer.status == 401
    assert answer.body == INVALID


@rule("TOKEN-5")
@pytest.mark.parametrize("algorithm", ["HS384", "HS512", "RS256", "hs256", "XX"])
def test_other_algorithms(server: Server, reader: Person, algorithm: str) -> None:
    """A token with another algorithm is invalid, even with the right key."""
    token = make(claims_for(reader), SECRET, {"alg": algorithm, "typ": "JWT"})
    answer = server.client.with_token(token).get("/api/user")
    assert answer.status == 401
    assert answer.body == INVALID


@rule("TOKEN-5", "FAIL-4")
@pytest.mark.parametrize(
    "header",
    [{}, [], "HS256", {"alg": None}, {"alg": 256}, {"alg": ["HS256"]}],
)
def test_headers_of_a_wrong_shape(server: Server, reader: Person, header: object) -> None:
    """A signed token with a malformed header is invalid."""
    answer = server.client.with_token(make(claims_for(reader), SECRET, header)).get("/api/user")
    assert answer.status == 401
    assert answer.body == INVALID


@rule("TOKEN-6")
@pytest.mark.parametrize("claim", ["sub", "iat", "exp", "ver", "sid"])
def test_missing_claims(server: Server, reader: Person, claim: str) -> None:
    """A signed token that lacks a claim is invalid."""
    claims = claims_for(reader)
    del claims[claim]
    answer = server.client.with_token(make(claims, SECRET)).get("/api/user")
    assert answer.status == 401
    assert answer.body == INVALID


@rule("TOKEN-6", "FAIL-4")
@pytest.mark.parametrize(
    "claims",
    [
        {"sub": None},
        {"sub": 1},
        {"sub": ["1"]},
        {"sub": ""},
        {"sub": "-1"},
        {"sub": "1.0"},
        {"sub": "x\0"},
        {"sub": "999999999999"},
        {"sub": "9223372036854775808"},
        {"sub": "9" * 5_000},
        {"sub": "\ud800"},
        {"sub": "'; DROP TABLE users; --"},
        {"ver": None},
        {"ver": "1"},
        {"ver": 1.5},
        {"ver": True},
        {"ver": 0},
        {"ver": 2},
        {"ver": 10**30},
        {"sid": None},
        {"sid": 1},
        {"sid": ["0" * 32]},
        {"sid": ""},
        {"sid": "0" * 31},
        {"sid": "0" * 33},
        {"sid": "0" * 32 + "\n"},
        {"sid": "A" * 32},
        {"sid": "\ud800" * 32},
        {"iat": None},
        {"iat": "now"},
        {"exp": None},
        {"exp": "never"},
        {"exp": []},
        {"exp": float("inf")},
        {"exp": float("nan")},
    ],
)
def test_claims_of_a_wrong_kind(server: Server, reader: Person, claims: dict[str, Any]) -> None:
    """A signed token with a claim of the wrong type, or of an unknown user, is invalid."""
    token = make({**claims_for(reader), **claims}, SECRET)
    answer = server.client.with_token(token).get("/api/user")
    assert answer.status == 401
    assert answer.body == INVALID


@rule("TOKEN-6", "FAIL-4")
@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"{",
        b"null",
        b"[]",
        b"\xff\xfe",
        b'{"sub":' * 500 + b"1" + b"}" * 500,
    ],
)
def test_payloads_that_are_no_claims(server: Server, payload: bytes) -> None:
    """A signed token whose payload is not an object is invalid."""
    header = encode(b'{"alg":"HS256","typ":"JWT"}')
    answer = server.client.with_token(sign(header, encode(payload), SECRET)).get("/api/user")
    assert answer.status == 401
    assert answer.body == INVALID


@rule("TOKEN-7")
@pytest.mark.parametrize("ago", [1, 100_000])
def test_expired(server: Server, reader: Person, ago: int) -> None:
    """An expired token returns `has expired`, with no leeway."""
    claims = {**claims_for(reader), "exp": int(time.time()) - ago}
    answer = server.client.with_token(make(claims, SECRET)).get("/api/user")
    assert answer.status == 401
    assert answer.body == EXPIRED


@rule("TOKEN-7", "TOKEN-3")
def test_expired_where_a_token_is_optional(server: Server, reader: Person) -> None:
    """An expired token returns 401 where a token is optional."""
    claims = {**claims_for(reader), "exp": 1}
    answer = server.client.with_token(make(claims, SECRET)).get("/api/articles")
    assert answer.status == 401
    assert answer.body == EXPIRED


@rule("TOKEN-7", "TOKEN-4")
def test_expired_and_forged(server: Server, reader: Person) -> None:
    """An expired token with a wrong signature is invalid, not expired."""
    claims = {**claims_for(reader), "exp": 1}
    answer = server.client.with_token(make(claims, "another key")).get("/api/user")
    assert answer.status == 401
    assert answer.body == INVALID


@rule("TOKEN-8", "USER-7")
def test_password_change_in_another_session(client: Client, anna: Person) -> None:
    """A password change ends the sessions that did not make it."""
    elsewhere = sign_in(client, anna)
    changed = anna.put("/api/user", json={"user": {"password": "another horse"}})
    assert changed.status == 200
    answer = client.with_token(elsewhere).get("/api/user")
    assert answer.status == 401
    assert answer.body == INVALID


@rule("TOKEN-8", "TOKEN-3")
def test_ended_session_where_a_token_is_optional(client: Client, anna: Person) -> None:
    """Where a token is optional, one that a password change has ended returns 401."""
    elsewhere = sign_in(client, anna)
    changed = anna.put("/api/user", json={"user": {"password": "another horse"}})
    assert changed.status == 200
    answer = client.with_token(elsewhere).get("/api/articles")
    assert answer.status == 401
    assert answer.body == INVALID


@rule("TOKEN-8", "USER-7")
def test_two_password_changes_with_one_token(client: Client, anna: Person) -> None:
    """The session that changes the password keeps its old token, and can change it again."""
    for password in ("second horse", "third horse"):
        changed = anna.put("/api/user", json={"user": {"password": password}})
        assert changed.status == 200
        assert anna.get("/api/user").status == 200
        assert client.with_token(changed.json["user"]["token"]).get("/api/user").status == 200


@rule("TOKEN-8")
def test_password_changes_in_two_sessions(client: Client, anna: Person) -> None:
    """A change ends another session that made an earlier change, with all its tokens."""
    first = anna.put("/api/user", json={"user": {"password": "second horse"}})
    user = {"email": anna.email, "password": "second horse"}
    login = client.post("/api/users/login", json={"user": user})
    elsewhere = client.with_token(login.json["user"]["token"])
    second = elsewhere.put("/api/user", json={"user": {"password": "third horse"}})
    assert second.status == 200
    assert elsewhere.get("/api/user").status == 200
    assert anna.get("/api/user").status == 401
    assert client.with_token(first.json["user"]["token"]).get("/api/user").status == 401


@rule("TOKEN-14")
def test_password_set_outside(server: Server) -> None:
    """If the version increases and no session is stored, all sessions end."""
    person = register(server.client)
    changed = person.put("/api/user", json={"user": {"password": "another horse"}})
    server.database.execute(
        "UPDATE users SET token_version = token_version + 1, password_session_id = NULL "
        "WHERE username = ?",
        person.username,
    )
    for token in (person.signed_in_with, changed.json["user"]["token"]):
        assert server.client.with_token(token).get("/api/user").status == 401


@rule("TOKEN-13")
def test_session_ids(client: Client, anna: Person) -> None:
    """A session starts with a sign-up or a login, and tokens of updates keep its id."""
    began = claims_of(anna.signed_in_with)["sid"]
    updates = [{"bio": "New"}, {"password": "another horse"}, {}]
    kept = [anna.put("/api/user", json={"user": update}) for update in updates]
    others = [register(client).signed_in_with]
    for _ in range(2):
        user = {"email": anna.email, "password": "another horse"}
        login = client.post("/api/users/login", json={"user": user})
        others.append(login.json["user"]["token"])
    assert {claims_of(answer.json["user"]["token"])["sid"] for answer in kept} == {began}
    assert len({began, *(claims_of(token)["sid"] for token in others)}) == 4


@rule("TOKEN-10")
@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("/api/tags", "Token nonsense"),
        ("/api/tags", b"\xff"),
        ("/api/health", "nonsense"),
        pytest.param("/api/openapi.json", "Token", marks=pinned),
        pytest.param("/api/docs", "Token nonsense", marks=pinned),
    ],
)
def test_header_is_not_read(client: Client, path: str, value: str | bytes) -> None:
    """Where no token is needed, a bad token does not matter."""
    answer = client.get(path, headers={"Authorization": value})
    assert answer.status == 200


@rule("TOKEN-10")
def test_header_is_not_read_by_login(client: Client, reader: Person) -> None:
    """A login ignores a bad token in the header."""
    answer = client.with_token("nonsense").post(
        "/api/users/login", json={"user": {"email": reader.email, "password": reader.password}}
    )
    assert answer.status == 200
    assert answer.json["user"]["username"] == reader.username


@rule("TOKEN-10")
def test_header_is_not_read_by_a_sign_up(client: Client) -> None:
    """A sign-up ignores a bad token in the header."""
    person = register(client.with_token("nonsense"))
    answer = client.with_token(person.signed_in_with).get("/api/user")
    assert answer.status == 200
    assert answer.json["user"]["username"] == person.username


@rule("TOKEN-11")
def test_claims(anna: Person) -> None:
    """The claims of a token are `sub`, `iat`, `exp`, `ver` and `sid`, with the right types."""
    claims = claims_of(anna.signed_in_with)
    assert sorted(claims) == ["exp", "iat", "sid", "sub", "ver"]
    assert re.fullmatch("[0-9a-f]{32}", claims["sid"])
    assert claims["sub"].isascii()
    assert claims["sub"].isdigit()
    assert [type(claims[name]) for name in ("iat", "exp", "ver")] == [int, int, int]
    assert abs(claims["iat"] - time.time()) < 60
    assert claims["exp"] > claims["iat"]


@rule("TOKEN-11", "TOKEN-12")
def test_header_of_a_token(anna: Person) -> None:
    """The header of a token names HS256, in the usual format."""
    header = anna.signed_in_with.split(".")[0]
    assert json.loads(base64.urlsafe_b64decode(header + "==")) == {"alg": "HS256", "typ": "JWT"}


@rule("TOKEN-11")
def test_signature_of_a_token(server: Server) -> None:
    """A token is signed with HMAC-SHA-256 and the secret."""
    person = register(server.client)
    head, payload, _ = person.signed_in_with.split(".")
    assert sign(head, payload, SECRET) == person.signed_in_with


@rule("TOKEN-11", "USER-7")
def test_version_increases(anna: Person) -> None:
    """Each password change increases `ver` by one."""
    before = claims_of(anna.signed_in_with)["ver"]
    answer = anna.put("/api/user", json={"user": {"password": "another horse"}})
    assert answer.status == 200
    assert claims_of(answer.json["user"]["token"])["ver"] == before + 1
