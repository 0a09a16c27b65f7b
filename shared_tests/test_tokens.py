"""Who is asking: honest tokens, and all the others."""

import base64
import json
import time
from typing import Any

import pytest

from .harness import Client, Person, register, rule
from .harness.routes import OPTIONAL_TOKEN, WITHOUT_BODY
from .harness.servers import SECRET, Server
from .harness.tokens import claims_of, encode, honest_claims, make, sign

MISSING = b'{"errors":{"token":["is missing"]}}'
INVALID = b'{"errors":{"token":["is invalid"]}}'
EXPIRED = b'{"errors":{"token":["has expired"]}}'


def claims_for(person: Person) -> dict[str, Any]:
    """What an honest token of this person says."""
    claims = claims_of(person.signed_in_with)
    return honest_claims(claims["sub"], claims["ver"])


@rule("TOKEN-1")
@pytest.mark.parametrize("scheme", ["Token", "tOKEN", "Bearer", "bEaReR"])
def test_schemes(client: Client, reader: Person, scheme: str) -> None:
    """`Token` and `Bearer` are the same, in any case."""
    answer = client.get("/api/user", headers={"Authorization": f"{scheme} {reader.token}"})
    assert answer.status == 200
    assert answer.json["user"]["username"] == reader.username


@rule("TOKEN-2")
def test_no_header(client: Client) -> None:
    """Without the header the token is missing."""
    answer = client.get("/api/user")
    assert answer.status == 401
    assert answer.headers["WWW-Authenticate"] == "Token"
    assert answer.body == MISSING


@rule("TOKEN-2")
@pytest.mark.parametrize("field", [b"Authorization:", b"Authorization: \t "])
def test_empty_header(client: Client, field: bytes) -> None:
    """An empty header counts as none, white space or not."""
    with client.wire() as wire:
        wire.request("GET", b"/api/user", field)
        answer = wire.answer()
    assert answer.status == 401
    assert answer.body == MISSING


@rule("TOKEN-2")
def test_empty_header_where_a_token_is_optional(client: Client) -> None:
    """An empty header counts as none where a token is optional, too."""
    answer = client.get("/api/articles?tag=no-such-tag", headers={"Authorization": ""})
    assert answer.status == 200
    assert answer.body == b'{"articles":[],"articlesCount":0}'


@rule("TOKEN-3")
@pytest.mark.parametrize(
    ("path", "value"),
    list(zip(OPTIONAL_TOKEN, ["Token nonsense", "Basic YTpi", "nonsense", "Token"], strict=True)),
)
def test_bad_token_where_one_is_optional(client: Client, path: str, value: str) -> None:
    """A bad token is never quietly ignored."""
    answer = client.get(path, headers={"Authorization": value})
    assert answer.status == 401
    assert answer.headers["WWW-Authenticate"] == "Token"
    assert answer.body == INVALID


@rule("TOKEN-4")
@pytest.mark.parametrize(("method", "path"), WITHOUT_BODY)
def test_bad_token_where_one_must_be(client: Client, method: str, path: str) -> None:
    """A bad token is 401 wherever a token must be."""
    answer = client.with_token("nonsense").request(method, path)
    assert answer.status == 401
    assert answer.headers["WWW-Authenticate"] == "Token"
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
    """Another scheme, a scheme alone, or a token of another shape, is invalid."""
    header = value.replace("{token}", str(reader.token))
    answer = client.get("/api/user", headers={"Authorization": header})
    assert answer.status == 401
    assert answer.headers["WWW-Authenticate"] == "Token"
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
    """Bytes that no token has are invalid, and harm nobody."""
    answer = client.get("/api/user", headers={"Authorization": value})
    assert answer.status == 401
    assert answer.body == INVALID


@rule("TOKEN-4")
@pytest.mark.parametrize("part", [0, 1, 2])
def test_one_letter_changed(client: Client, reader: Person, part: int) -> None:
    """A token with one letter changed, in any of its parts, is invalid."""
    parts = str(reader.token).split(".")
    letter = parts[part][4]
    parts[part] = parts[part][:4] + ("A" if letter != "A" else "B") + parts[part][5:]
    answer = client.with_token(".".join(parts)).get("/api/user")
    assert answer.status == 401
    assert answer.body == INVALID


@rule("TOKEN-4")
@pytest.mark.parametrize("signature", ["", "=", "A" * 43])
def test_other_signatures(client: Client, reader: Person, signature: str) -> None:
    """A token with another signature, or with none, is invalid."""
    signed = str(reader.token).rpartition(".")[0]
    answer = client.with_token(f"{signed}.{signature}").get("/api/user")
    assert answer.status == 401
    assert answer.body == INVALID


@rule("TOKEN-4")
def test_parts_of_two_tokens(client: Client, anna: Person, ben: Person) -> None:
    """The claims of one user under the signature of another are invalid."""
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
def test_an_honest_token(server: Server, reader: Person) -> None:
    """A token made by hand is good: what makes the others bad is what they change."""
    answer = server.client.with_token(make(claims_for(reader), SECRET)).get("/api/user")
    assert answer.status == 200
    assert answer.json["user"]["username"] == reader.username


@rule("TOKEN-5")
@pytest.mark.parametrize(
    ("algorithm", "signed"),
    [("none", False), ("none", True), ("None", False), ("nOnE", False), ("", False)],
)
def test_no_algorithm(server: Server, reader: Person, algorithm: str, signed: bool) -> None:
    """A token that says it is not signed is invalid, be it signed or not."""
    token = make(claims_for(reader), SECRET, {"alg": algorithm, "typ": "JWT"})
    if not signed:
        token = token.rpartition(".")[0] + "."
    answer = server.client.with_token(token).get("/api/user")
    assert answer.status == 401
    assert answer.body == INVALID


@rule("TOKEN-5")
@pytest.mark.parametrize("algorithm", ["HS384", "HS512", "RS256", "hs256", "XX"])
def test_other_algorithms(server: Server, reader: Person, algorithm: str) -> None:
    """A token of another algorithm is invalid, with the right key too."""
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
    """A signed token whose header is of a wrong shape is invalid."""
    answer = server.client.with_token(make(claims_for(reader), SECRET, header)).get("/api/user")
    assert answer.status == 401
    assert answer.body == INVALID


@rule("TOKEN-6")
@pytest.mark.parametrize("claim", ["sub", "iat", "exp", "ver"])
def test_claims_that_lack(server: Server, reader: Person, claim: str) -> None:
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
    """A signed token with a claim of a wrong type, or of an unknown user, is invalid."""
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
    """A signed token whose payload is no object is invalid."""
    header = encode(b'{"alg":"HS256","typ":"JWT"}')
    answer = server.client.with_token(sign(header, encode(payload), SECRET)).get("/api/user")
    assert answer.status == 401
    assert answer.body == INVALID


@rule("TOKEN-7")
@pytest.mark.parametrize("ago", [1, 100_000])
def test_expired(server: Server, reader: Person, ago: int) -> None:
    """A token past its time has expired, by a second too."""
    claims = {**claims_for(reader), "exp": int(time.time()) - ago}
    answer = server.client.with_token(make(claims, SECRET)).get("/api/user")
    assert answer.status == 401
    assert answer.headers["WWW-Authenticate"] == "Token"
    assert answer.body == EXPIRED


@rule("TOKEN-7", "TOKEN-3")
def test_expired_where_a_token_is_optional(server: Server, reader: Person) -> None:
    """An expired token is a 401 where a token is optional."""
    claims = {**claims_for(reader), "exp": 1}
    answer = server.client.with_token(make(claims, SECRET)).get("/api/articles")
    assert answer.status == 401
    assert answer.body == EXPIRED


@rule("TOKEN-7", "TOKEN-4")
def test_expired_and_forged(server: Server, reader: Person) -> None:
    """Of a token with a wrong signature nothing is believed, its time neither."""
    claims = {**claims_for(reader), "exp": 1}
    answer = server.client.with_token(make(claims, "another key")).get("/api/user")
    assert answer.status == 401
    assert answer.body == INVALID


@rule("TOKEN-8", "USER-7")
def test_token_from_before_a_password_change(client: Client, anna: Person) -> None:
    """A password change ends the tokens from before it."""
    changed = anna.put("/api/user", json={"user": {"password": "another horse"}})
    assert changed.status == 200
    answer = anna.get("/api/user")
    assert answer.status == 401
    assert answer.headers["WWW-Authenticate"] == "Token"
    assert answer.body == INVALID


@rule("TOKEN-8", "TOKEN-3")
def test_old_token_where_one_is_optional(client: Client, anna: Person) -> None:
    """A token from before a password change is a 401 where a token is optional."""
    changed = anna.put("/api/user", json={"user": {"password": "another horse"}})
    assert changed.status == 200
    answer = anna.get("/api/articles")
    assert answer.status == 401
    assert answer.body == INVALID


@rule("TOKEN-10")
@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("/api/tags", "Token nonsense"),
        ("/api/tags", b"\xff"),
        ("/api/health", "nonsense"),
        ("/api/openapi.json", "Token"),
        ("/api/docs", "Token nonsense"),
    ],
)
def test_header_is_not_read(client: Client, path: str, value: str | bytes) -> None:
    """Where no token is taken a bad one does not matter."""
    answer = client.get(path, headers={"Authorization": value})
    assert answer.status == 200


@rule("TOKEN-10")
def test_header_is_not_read_by_login(client: Client, reader: Person) -> None:
    """A login with a bad token in the header is a login."""
    answer = client.with_token("nonsense").post(
        "/api/users/login", json={"user": {"email": reader.email, "password": reader.password}}
    )
    assert answer.status == 200
    assert answer.json["user"]["username"] == reader.username


@rule("TOKEN-10")
def test_header_is_not_read_by_a_sign_up(client: Client) -> None:
    """A sign-up with a bad token in the header is a sign-up."""
    person = register(client.with_token("nonsense"))
    answer = client.with_token(person.signed_in_with).get("/api/user")
    assert answer.status == 200
    assert answer.json["user"]["username"] == person.username


@rule("TOKEN-11")
def test_claims(anna: Person) -> None:
    """A token's claims are `sub`, `iat`, `exp` and `ver`, whole numbers but for `sub`."""
    claims = claims_of(anna.signed_in_with)
    assert sorted(claims) == ["exp", "iat", "sub", "ver"]
    assert claims["sub"].isascii()
    assert claims["sub"].isdigit()
    assert [type(claims[name]) for name in ("iat", "exp", "ver")] == [int, int, int]
    assert abs(claims["iat"] - time.time()) < 60
    assert claims["exp"] > claims["iat"]


@rule("TOKEN-11", "TOKEN-12")
def test_header_of_a_token(anna: Person) -> None:
    """A token's header names HS256, and is written like everybody's."""
    header = anna.signed_in_with.split(".")[0]
    assert json.loads(base64.urlsafe_b64decode(header + "==")) == {"alg": "HS256", "typ": "JWT"}


@rule("TOKEN-11")
def test_signature_of_a_token(server: Server) -> None:
    """A token is signed by HMAC with SHA-256 under the secret."""
    person = register(server.client)
    head, payload, _ = person.signed_in_with.split(".")
    assert sign(head, payload, SECRET) == person.signed_in_with


@rule("TOKEN-11", "USER-7")
def test_version_rises(anna: Person) -> None:
    """Each password change raises `ver` by one."""
    before = claims_of(anna.signed_in_with)["ver"]
    answer = anna.put("/api/user", json={"user": {"password": "another horse"}})
    assert answer.status == 200
    assert claims_of(answer.json["user"]["token"])["ver"] == before + 1
