"""Sign-up, login, and what users may change about themselves."""

from typing import Any

import pytest

from .harness import Client, Person, register, rule, unique

BLANK = ["", " ", "\t\r\n", "\u00a0\u3000\u2003", "\x1c\x1d\x1e\x1f\x85", None]
WRONG_TYPES = [5, 1.5, True, False, [], ["text"], {}]
PASSWORD = "correct horse"

NEEDED = ("username", "email", "password")
FIELDS = (*NEEDED, "bio", "image")

CANT_BE_BLANK = ["can't be blank"]
MUST_BE_A_STRING = ["must be a string"]
IS_INVALID = ["is invalid"]


def new_user(**fields: Any) -> dict[str, Any]:
    """A user with values that are not used yet; the given fields replace them."""
    username = unique("new")
    proper = {"username": username, "email": f"{username}@example.com", "password": PASSWORD}
    return {"user": {**proper, **fields}}


def sign_in(client: Client, email: str, password: str) -> int:
    """Log in and return the status."""
    user = {"email": email, "password": password}
    return client.post("/api/users/login", json={"user": user}).status


# Sign-up


@rule("SIGNUP-1", "PASSWORD-2")
def test_sign_up(client: Client) -> None:
    """A sign-up returns 201 with the user, its keys in the order of the schema and no others."""
    username = unique("anna")
    answer = client.post(
        "/api/users",
        json={
            "user": {
                "username": username,
                "email": f"{username}@example.com",
                "password": PASSWORD,
            }
        },
    )
    token = answer.json["user"]["token"]
    assert answer.status == 201
    assert (
        answer.body
        == (
            f'{{"user":{{"email":"{username}@example.com","token":"{token}",'
            f'"username":"{username}","bio":null,"image":null}}}}'
        ).encode()
    )


@rule("SIGNUP-1")
def test_token_of_a_sign_up(client: Client) -> None:
    """The token of a sign-up works immediately."""
    person = register(client)
    answer = client.with_token(person.signed_in_with).get("/api/user")
    assert answer.status == 200
    assert answer.json["user"]["username"] == person.username


@rule("SIGNUP-1", "BODY-8")
def test_sign_up_takes_no_bio(client: Client) -> None:
    """A sign-up ignores `bio` and `image`, which are null for a new user."""
    answer = client.post("/api/users", json=new_user(bio=5, image="x", token="x"))
    assert answer.status == 201
    assert answer.json["user"]["bio"] is None
    assert answer.json["user"]["image"] is None


@rule("SIGNUP-2")
def test_taken_username(client: Client, reader: Person) -> None:
    """A username that is taken returns 409."""
    answer = client.post("/api/users", json=new_user(username=reader.username))
    assert answer.status == 409
    assert answer.body == b'{"errors":{"username":["has already been taken"]}}'


@rule("SIGNUP-2")
def test_taken_email(client: Client, reader: Person) -> None:
    """An email that is taken returns 409."""
    answer = client.post("/api/users", json=new_user(email=reader.email))
    assert answer.status == 409
    assert answer.body == b'{"errors":{"email":["has already been taken"]}}'


@rule("SIGNUP-2")
def test_both_taken(client: Client, reader: Person) -> None:
    """If one user has both the username and the email, the response has both errors."""
    answer = client.post("/api/users", json=new_user(email=reader.email, username=reader.username))
    assert answer.status == 409
    assert answer.body == (
        b'{"errors":{"username":["has already been taken"],"email":["has already been taken"]}}'
    )


@rule("SIGNUP-2")
def test_both_taken_by_two(client: Client, reader: Person, writer: Person) -> None:
    """If two users have the username and the email, the response has both errors."""
    answer = client.post("/api/users", json=new_user(email=reader.email, username=writer.username))
    assert answer.status == 409
    assert answer.body == (
        b'{"errors":{"username":["has already been taken"],"email":["has already been taken"]}}'
    )


@rule("NAME-2", "EMAIL-3")
def test_taken_in_another_case(client: Client, reader: Person) -> None:
    """A username or an email that is taken is also taken in another case."""
    answer = client.post(
        "/api/users",
        json=new_user(email=reader.email.upper(), username=reader.username.upper()),
    )
    assert answer.status == 409
    assert answer.body == (
        b'{"errors":{"username":["has already been taken"],"email":["has already been taken"]}}'
    )


@rule("SIGNUP-2")
def test_a_refused_sign_up_leaves_nothing(client: Client, reader: Person) -> None:
    """If a sign-up is refused because of its email, its username stays free."""
    refused = new_user(email=reader.email)
    assert client.post("/api/users", json=refused).status == 409
    answer = client.get(f"/api/profiles/{refused['user']['username']}")
    assert answer.status == 404
    assert answer.body == b'{"errors":{"profile":["not found"]}}'


@rule("SIGNUP-3", "FIELD-1", "ANSWER-4")
def test_sign_up_without_fields(client: Client) -> None:
    """One response names all missing fields, in the order of the schema."""
    answer = client.post("/api/users", json={"user": {}})
    assert answer.status == 422
    assert answer.body == (
        b'{"errors":{"username":["can\'t be blank"],"email":["can\'t be blank"],'
        b'"password":["can\'t be blank"]}}'
    )


@rule("SIGNUP-3", "ANSWER-4", "FIELD-5")
def test_sign_up_with_everything_wrong(client: Client) -> None:
    """Each field has its own error, in the order of the schema, not of the body."""
    answer = client.post(
        "/api/users", json={"user": {"password": "short", "email": 5, "username": "한글"}}
    )
    assert answer.status == 422
    assert answer.body == (
        b'{"errors":{"username":["is invalid"],"email":["must be a string"],'
        b'"password":["is too short (minimum is 8 characters)"]}}'
    )


@rule("FIELD-1", "USER-3")
@pytest.mark.parametrize("value", BLANK)
def test_blank(client: Client, reader: Person, value: str | None) -> None:
    """A blank username, email or password is refused by sign-up and by update."""
    user = dict.fromkeys(NEEDED, value)
    signed_up = client.post("/api/users", json={"user": user})
    updated = reader.put("/api/user", json={"user": user})
    assert signed_up.status == 422
    assert signed_up.json == {"errors": dict.fromkeys(NEEDED, CANT_BE_BLANK)}
    assert updated.status == 422
    assert updated.json == {"errors": dict.fromkeys(NEEDED, CANT_BE_BLANK)}


@rule("FIELD-2", "USER-4")
@pytest.mark.parametrize("value", WRONG_TYPES)
def test_wrong_type(client: Client, reader: Person, value: object) -> None:
    """A field that is not a string is refused by sign-up and by update."""
    signed_up = client.post("/api/users", json={"user": dict.fromkeys(NEEDED, value)})
    updated = reader.put("/api/user", json={"user": dict.fromkeys(FIELDS, value)})
    assert signed_up.status == 422
    assert signed_up.json == {"errors": dict.fromkeys(NEEDED, MUST_BE_A_STRING)}
    assert updated.status == 422
    assert updated.json == {"errors": dict.fromkeys(FIELDS, MUST_BE_A_STRING)}


@rule("FIELD-3", "FIELD-5")
@pytest.mark.parametrize("value", ["\0", "correct\0horse", "x" * 2_001 + "\0"])
def test_nul(client: Client, reader: Person, value: str) -> None:
    """A NUL is invalid in sign-up and in update, and is checked before the length."""
    signed_up = client.post("/api/users", json={"user": dict.fromkeys(NEEDED, value)})
    updated = reader.put("/api/user", json={"user": dict.fromkeys(FIELDS, value)})
    assert signed_up.status == 422
    assert signed_up.json == {"errors": dict.fromkeys(NEEDED, IS_INVALID)}
    assert updated.status == 422
    assert updated.json == {"errors": dict.fromkeys(FIELDS, IS_INVALID)}


# Names


@rule("NAME-1", "NAME-3")
@pytest.mark.parametrize("name", ["Z", "0", "_", "_a.b-c_", "1984", "A..--__9"])
def test_usernames(client: Client, name: str) -> None:
    """A username with the allowed characters is accepted and returned as it is."""
    username = unique(name) if len(name) > 1 else name + unique("")
    answer = client.post("/api/users", json=new_user(username=username))
    assert answer.status == 201
    assert answer.json["user"]["username"] == username


@rule("NAME-1")
@pytest.mark.parametrize(
    "username",
    [
        "-anna",
        ".anna",
        " anna",
        "anna ",
        "an na",
        "anna\n",
        "anna/ben",
        "anna@example",
        "an'na",
        "an%20na",
        "anna\u200b",
        "한글",
        "ａｎｎａ",
        "\u212aate",
        "anna🐉",
        "١٢٣",
        "-" * 65,
    ],
)
def test_bad_usernames(client: Client, reader: Person, username: str) -> None:
    """A username with any other format is invalid, at any length."""
    signed_up = client.post("/api/users", json=new_user(username=username))
    updated = reader.put("/api/user", json={"user": {"username": username}})
    assert signed_up.status == 422
    assert signed_up.json == {"errors": {"username": IS_INVALID}}
    assert updated.status == 422
    assert updated.json == {"errors": {"username": IS_INVALID}}


@rule("NAME-1", "FIELD-4")
def test_longest_username(client: Client) -> None:
    """A username of 64 characters is accepted."""
    username = unique("anna").ljust(64, "x")
    answer = client.post("/api/users", json=new_user(username=username))
    assert answer.status == 201
    assert answer.json["user"]["username"] == username


@rule("NAME-1", "FIELD-4")
def test_too_long_username(client: Client) -> None:
    """A username of 65 characters is too long."""
    answer = client.post("/api/users", json=new_user(username="x" * 65))
    assert answer.status == 422
    assert answer.body == b'{"errors":{"username":["is too long (maximum is 64 characters)"]}}'


@rule("NAME-3")
def test_username_keeps_its_case(client: Client) -> None:
    """A username is returned in the case in which it was registered."""
    username = unique("AnNa")
    assert client.post("/api/users", json=new_user(username=username)).status == 201
    answer = client.get(f"/api/profiles/{username.lower()}")
    assert answer.status == 200
    assert answer.json["profile"]["username"] == username


# Emails


@rule("EMAIL-1", "EMAIL-4")
@pytest.mark.parametrize(
    "local_and_domain",
    [
        "{}@Example.COM",
        "{}+tag@example.org",
        ".{}@example.com",
        "a..{}.@example.com",
        "!#$%&'*+/=?^_`{{|}}~-{}@example.com",
        "{}@a.b",
        "{}@1.2.3.4",
        "{}@xn--bj0bj06e.xn--3e0b707e",
        "{}@a-b.c-d.test",
        "{}@" + "a" * 63 + ".example",
    ],
)
def test_emails(client: Client, local_and_domain: str) -> None:
    """An email in HTML's format is accepted and returned as it is, never normalized."""
    email = local_and_domain.format(unique("Anna"))
    answer = client.post("/api/users", json=new_user(email=email))
    assert answer.status == 201
    assert answer.json["user"]["email"] == email


@rule("EMAIL-1")
@pytest.mark.parametrize(
    "email",
    [
        "anna@",
        "@example.com",
        "anna@localhost",
        "anna@.com",
        "anna@example..com",
        "anna@-example.com",
        "anna@example-.com",
        "anna@exa_mple.com",
        "anna@" + "a" * 64 + ".com",
        "anna@[127.0.0.1]",
        "anna@b@example.com",
        "an na@example.com",
        " anna@example.com",
        "anna@example.com\n",
        "anna@example.com.",
        '"anna"@example.com',
        "Anna <anna@example.com>",
        "한글@example.com",
        "anna@한글.com",
        "anna@example.\u212aom",
        "anna@example．com",
    ],
)
def test_bad_emails(client: Client, reader: Person, email: str) -> None:
    """An email with any other format is invalid."""
    signed_up = client.post("/api/users", json=new_user(email=email))
    updated = reader.put("/api/user", json={"user": {"email": email}})
    assert signed_up.status == 422
    assert signed_up.json == {"errors": {"email": IS_INVALID}}
    assert updated.status == 422
    assert updated.json == {"errors": {"email": IS_INVALID}}


@rule("EMAIL-2", "FIELD-4")
def test_longest_email(client: Client) -> None:
    """An email of 254 characters is accepted."""
    email = unique("anna").ljust(254 - len("@example.com"), "x") + "@example.com"
    answer = client.post("/api/users", json=new_user(email=email))
    assert answer.status == 201
    assert answer.json["user"]["email"] == email


@rule("EMAIL-2", "FIELD-4")
def test_too_long_email(client: Client) -> None:
    """An email of 255 characters is too long."""
    email = "x" * (255 - len("@example.com")) + "@example.com"
    answer = client.post("/api/users", json=new_user(email=email))
    assert answer.status == 422
    assert answer.body == b'{"errors":{"email":["is too long (maximum is 254 characters)"]}}'


@rule("EMAIL-2", "FIELD-5", "FAIL-4")
@pytest.mark.parametrize("end", ["!", "@", ".a" * 20_000 + "@"])
def test_long_email_that_is_invalid(client: Client, end: str) -> None:
    """A long email with the wrong format is invalid, not too long."""
    answer = client.post("/api/users", json=new_user(email="a@" + "a." * 20_000 + end))
    assert answer.status == 422
    assert answer.json == {"errors": {"email": IS_INVALID}}


# Passwords


@rule("PASSWORD-1")
@pytest.mark.parametrize("password", ["1234567", "x", "🐉" * 7])
def test_short_password(client: Client, password: str) -> None:
    """A password of fewer than 8 characters is too short, no matter how many bytes it has."""
    answer = client.post("/api/users", json=new_user(password=password))
    assert answer.status == 422
    assert answer.body == b'{"errors":{"password":["is too short (minimum is 8 characters)"]}}'


@rule("PASSWORD-1", "FIELD-4")
def test_long_password(client: Client) -> None:
    """A password of more than 128 characters is too long."""
    answer = client.post("/api/users", json=new_user(password="한" * 129))
    assert answer.status == 422
    assert answer.body == b'{"errors":{"password":["is too long (maximum is 128 characters)"]}}'


@rule("PASSWORD-1", "PASSWORD-3", "FIELD-4")
@pytest.mark.parametrize(
    "password",
    ["12345678", "한글한글한글한글", "🐉" * 128, "\t  '\";--\n"],
)
def test_passwords(client: Client, password: str) -> None:
    """A password of 8 to 128 characters of any kind is accepted and works for a login."""
    person = register(client, password=password)
    assert sign_in(client, person.email, password) == 200


@rule("PASSWORD-3", "LOGIN-2")
def test_near_passwords(client: Client) -> None:
    """Passwords are compared by their exact characters, not by how they look."""
    person = register(client, password="Päss wörd")
    for near in (" Päss wörd", "Päss wörd ", "päss wörd", "Pa\u0308ss wo\u0308rd", "Päss wör"):
        assert sign_in(client, person.email, near) == 401


@rule("PASSWORD-3")
def test_every_character_of_a_password_counts(client: Client) -> None:
    """The 128th character of a password counts."""
    person = register(client, password="한" * 127 + "a")
    assert sign_in(client, person.email, "한" * 127 + "b") == 401


# Login


@rule("LOGIN-1", "PASSWORD-2")
def test_login(client: Client, anna: Person) -> None:
    """A login returns 200 with the user, its keys in the order of the schema and no others."""
    answer = client.post(
        "/api/users/login", json={"user": {"email": anna.email, "password": anna.password}}
    )
    token = answer.json["user"]["token"]
    assert answer.status == 200
    assert (
        answer.body
        == (
            f'{{"user":{{"email":"{anna.email}","token":"{token}",'
            f'"username":"{anna.username}","bio":null,"image":null}}}}'
        ).encode()
    )


@rule("LOGIN-1")
def test_token_of_a_login(client: Client, reader: Person) -> None:
    """The token of a login works, and so does the token from before."""
    login = client.post(
        "/api/users/login", json={"user": {"email": reader.email, "password": reader.password}}
    )
    answer = client.with_token(login.json["user"]["token"]).get("/api/user")
    assert answer.status == 200
    assert answer.json["user"]["username"] == reader.username
    assert reader.get("/api/user").status == 200


@rule("LOGIN-2")
def test_wrong_password(client: Client, reader: Person) -> None:
    """A wrong password returns 401 `credentials`."""
    answer = client.post(
        "/api/users/login", json={"user": {"email": reader.email, "password": "wrong horse"}}
    )
    assert answer.status == 401
    assert answer.body == b'{"errors":{"credentials":["invalid"]}}'


@rule("LOGIN-2")
def test_unknown_email(client: Client) -> None:
    """An unknown email returns the same 401."""
    answer = client.post(
        "/api/users/login",
        json={"user": {"email": f"{unique('nobody')}@example.com", "password": PASSWORD}},
    )
    assert answer.status == 401
    assert answer.body == b'{"errors":{"credentials":["invalid"]}}'


@rule("LOGIN-3", "EMAIL-3")
def test_login_in_another_case(client: Client, reader: Person) -> None:
    """A login looks up the email without regard to case."""
    answer = client.post(
        "/api/users/login",
        json={"user": {"email": reader.email.upper(), "password": reader.password}},
    )
    assert answer.status == 200
    assert answer.json["user"]["email"] == reader.email


@rule("LOGIN-3")
def test_login_by_username(client: Client, reader: Person) -> None:
    """A username does not work as the email of a login."""
    assert sign_in(client, reader.username, reader.password) == 401


@rule("LOGIN-4")
@pytest.mark.parametrize(
    ("email", "password"),
    [
        ("anna", "x"),
        ("anna@example.com", "x" * 129),
        ("한글@example.com", "correct horse"),
        ("x" * 300 + "@example.com", "correct horse"),
        ("%", "correct horse"),
        ("' OR 1=1 --", "' OR 1=1 --"),
        ("anna@example.\u212aom", "correct horse"),
        ("anna@example.com\n", "correct horse"),
    ],
)
def test_login_with_impossible_values(client: Client, email: str, password: str) -> None:
    """A login checks no lengths or formats: values that no user can have return the 401."""
    answer = client.post("/api/users/login", json={"user": {"email": email, "password": password}})
    assert answer.status == 401
    assert answer.body == b'{"errors":{"credentials":["invalid"]}}'


@rule("LOGIN-4", "FIELD-5")
@pytest.mark.parametrize(
    ("values", "message"),
    [(BLANK, CANT_BE_BLANK), (WRONG_TYPES, MUST_BE_A_STRING), (["a\0b", "\0"], IS_INVALID)],
    ids=["blank", "type", "nul"],
)
def test_login_checks(client: Client, values: list[object], message: list[str]) -> None:
    """A login checks its fields for type, blank and NUL."""
    for value in values:
        user = {"email": value, "password": value}
        answer = client.post("/api/users/login", json={"user": user})
        assert answer.status == 422
        assert answer.json == {"errors": {"email": message, "password": message}}


@rule("LOGIN-4", "ANSWER-4")
def test_login_without_fields(client: Client) -> None:
    """A login without fields returns an error for both, in the order of the schema."""
    answer = client.post("/api/users/login", json={"user": {"password": " ", "email": None}})
    assert answer.status == 422
    assert answer.body == (
        b'{"errors":{"email":["can\'t be blank"],"password":["can\'t be blank"]}}'
    )


@rule("LOGIN-6")
def test_many_failing_logins(client: Client, anna: Person) -> None:
    """After many failed logins, the right password still works."""
    failures = [sign_in(client, anna.email, "wrong horse") for _ in range(30)]
    assert failures == [401] * 30
    assert sign_in(client, anna.email, anna.password) == 200


# The current user


@rule("USER-1", "ANSWER-9")
def test_current_user(anna: Person) -> None:
    """The current user is returned with the same token that the request was sent with."""
    answer = anna.get("/api/user")
    assert answer.status == 200
    assert (
        answer.body
        == (
            f'{{"user":{{"email":"{anna.email}","token":"{anna.token}",'
            f'"username":"{anna.username}","bio":null,"image":null}}}}'
        ).encode()
    )


@rule("USER-2")
def test_update_everything(client: Client, anna: Person) -> None:
    """An update changes all the fields that it has, and returns a token that works."""
    username = unique("Annika")
    answer = anna.put(
        "/api/user",
        json={
            "user": {
                "image": "https://example.com/annika.png",
                "bio": "Trains dragons 🐉",
                "username": username,
                "password": "another horse",
                "email": f"{username}@Example.com",
            }
        },
    )
    token = answer.json["user"]["token"]
    assert answer.status == 200
    assert (
        answer.body
        == (
            f'{{"user":{{"email":"{username}@Example.com","token":"{token}",'
            f'"username":"{username}","bio":"Trains dragons 🐉",'
            f'"image":"https://example.com/annika.png"}}}}'
        ).encode()
    )
    assert client.with_token(token).get("/api/user").body == answer.body
    assert sign_in(client, f"{username}@example.com", "another horse") == 200


@rule("USER-2")
@pytest.mark.parametrize(
    ("field", "value"),
    [("email", "{}@example.org"), ("username", "{}"), ("bio", "{}"), ("image", "{}")],
)
def test_update_one_field(anna: Person, field: str, value: str) -> None:
    """An update of one field leaves the others."""
    anna.put("/api/user", json={"user": {"bio": "A bio", "image": "An image"}})
    before = anna.get("/api/user").json["user"]
    new = value.format(unique("new"))
    answer = anna.put("/api/user", json={"user": {field: new}})
    token = answer.json["user"]["token"]
    assert answer.status == 200
    assert answer.json["user"] == {**before, field: new, "token": token}


@rule("USER-2", "USER-8")
def test_update_of_nothing(client: Client, anna: Person) -> None:
    """An empty update changes nothing, and still returns a token that works."""
    answer = anna.put("/api/user", json={"user": {}})
    token = answer.json["user"]["token"]
    assert answer.status == 200
    assert (
        answer.body
        == (
            f'{{"user":{{"email":"{anna.email}","token":"{token}",'
            f'"username":"{anna.username}","bio":null,"image":null}}}}'
        ).encode()
    )
    assert client.with_token(token).get("/api/user").status == 200


@rule("USER-2", "NAME-2")
def test_old_name_after_a_change(client: Client, anna: Person) -> None:
    """After a change of username, the old one does not exist and can be used again."""
    anna.put("/api/user", json={"user": {"username": unique("annika")}})
    assert client.get(f"/api/profiles/{anna.username}").status == 404
    answer = client.post("/api/users", json=new_user(username=anna.username))
    assert answer.status == 201


@rule("USER-4")
@pytest.mark.parametrize("value", ["", None])
def test_empty_becomes_null(anna: Person, value: str | None) -> None:
    """An empty or null `bio` or `image` becomes null."""
    anna.put("/api/user", json={"user": {"bio": "something", "image": "something"}})
    answer = anna.put("/api/user", json={"user": {"bio": value, "image": value}})
    assert answer.status == 200
    assert answer.json["user"]["bio"] is None
    assert answer.json["user"]["image"] is None
    assert anna.get(f"/api/profiles/{anna.username}").json["profile"] == anna.profile


@rule("USER-4", "FIELD-6")
@pytest.mark.parametrize(
    "value",
    [
        " ",
        "  padded\n",
        "<script>alert('한글')</script>",
        "e\u0301 \u00e9 🐉👩‍👩‍👧‍👦",
        "\u202e\u200b\ufeff\u2028\ufffd\U0010ffff",
        "\x01\x1f\x7f\x80",
        'back\\slash "quote" /slash/',
    ],
)
def test_text_is_kept(anna: Person, value: str) -> None:
    """Any other `bio` or `image` is stored and returned as it was sent."""
    answer = anna.put("/api/user", json={"user": {"bio": value, "image": value}})
    profile = anna.get(f"/api/profiles/{anna.username}").json["profile"]
    assert answer.status == 200
    assert [answer.json["user"]["bio"], answer.json["user"]["image"]] == [value, value]
    assert [profile["bio"], profile["image"]] == [value, value]


@rule("FIELD-4")
@pytest.mark.parametrize("letter", ["x", "한", "🐉"])
def test_longest_bio_and_image(anna: Person, letter: str) -> None:
    """Lengths are counted in code points: a text of exactly the maximum is accepted."""
    longest = {"bio": letter * 1_000, "image": letter * 2_000}
    answer = anna.put("/api/user", json={"user": longest})
    assert answer.status == 200
    assert answer.json["user"]["bio"] == longest["bio"]
    assert answer.json["user"]["image"] == longest["image"]


@rule("FIELD-4", "USER-9")
def test_too_long_bio_and_image(reader: Person) -> None:
    """A text that is one character longer than the maximum is too long."""
    answer = reader.put("/api/user", json={"user": {"image": "x" * 2_001, "bio": "한" * 1_001}})
    assert answer.status == 422
    assert answer.body == (
        b'{"errors":{"bio":["is too long (maximum is 1000 characters)"],'
        b'"image":["is too long (maximum is 2000 characters)"]}}'
    )


@rule("USER-9", "ANSWER-4")
def test_update_with_everything_wrong(reader: Person) -> None:
    """The errors of an update are in the order of its schema."""
    answer = reader.put(
        "/api/user",
        json={
            "user": {
                "image": 1,
                "bio": "\0",
                "username": None,
                "password": "x",
                "email": "x",
            }
        },
    )
    assert answer.status == 422
    assert answer.body == (
        b'{"errors":{"email":["is invalid"],"password":["is too short (minimum is 8 characters)"],'
        b'"username":["can\'t be blank"],"bio":["is invalid"],"image":["must be a string"]}}'
    )


@rule("USER-5")
def test_update_to_both_taken(anna: Person, ben: Person, reader: Person) -> None:
    """If another user has the username and email, 409 has both in the order of the schema."""
    answer = anna.put(
        "/api/user", json={"user": {"username": ben.username, "email": reader.email.upper()}}
    )
    assert answer.status == 409
    assert answer.body == (
        b'{"errors":{"email":["has already been taken"],"username":["has already been taken"]}}'
    )


@rule("USER-5")
@pytest.mark.parametrize("field", ["username", "email"])
def test_update_to_taken_value(anna: Person, reader: Person, field: str) -> None:
    """Another user's username or email returns 409, also in another case; nothing changes."""
    taken = {"username": reader.username.upper(), "email": reader.email.title()}[field]
    answer = anna.put("/api/user", json={"user": {field: taken, "bio": "changed"}})
    assert answer.status == 409
    assert answer.json == {"errors": {field: ["has already been taken"]}}
    assert anna.get("/api/user").json["user"]["bio"] is None


@rule("USER-6", "EMAIL-4", "NAME-3")
@pytest.mark.parametrize("change", [str, str.upper])
def test_update_to_own_values(anna: Person, change: type[str]) -> None:
    """Sending the user's own username or email, also in another case, is not a conflict."""
    answer = anna.put(
        "/api/user",
        json={"user": {"username": change(anna.username), "email": change(anna.email)}},
    )
    assert answer.status == 200
    assert answer.json["user"]["username"] == change(anna.username)
    assert answer.json["user"]["email"] == change(anna.email)


@rule("USER-7")
def test_password_change(client: Client, anna: Person) -> None:
    """After a password change, the old password fails and the token in the response works."""
    answer = anna.put("/api/user", json={"user": {"password": "another horse"}})
    assert answer.status == 200
    assert client.with_token(answer.json["user"]["token"]).get("/api/user").status == 200
    assert sign_in(client, anna.email, anna.password) == 401
    assert sign_in(client, anna.email, "another horse") == 200


@rule("USER-7")
def test_the_same_password_again(client: Client, anna: Person) -> None:
    """Setting the same password again is a change: it ends other sessions."""
    user = {"email": anna.email, "password": anna.password}
    login = client.post("/api/users/login", json={"user": user})
    answer = anna.put("/api/user", json={"user": {"password": anna.password}})
    assert answer.status == 200
    assert client.with_token(login.json["user"]["token"]).get("/api/user").status == 401
    assert client.with_token(answer.json["user"]["token"]).get("/api/user").status == 200


@rule("USER-7")
def test_two_password_changes(client: Client, anna: Person) -> None:
    """A second password change, made with the token of the first, keeps both tokens valid."""
    first = anna.put("/api/user", json={"user": {"password": "second horse"}})
    between = client.with_token(first.json["user"]["token"])
    second = between.put("/api/user", json={"user": {"password": "third horse"}})
    assert second.status == 200
    assert between.get("/api/user").status == 200
    assert client.with_token(second.json["user"]["token"]).get("/api/user").status == 200


@rule("USER-8")
def test_update_without_a_password(anna: Person) -> None:
    """After an update without a password, also of the username, earlier tokens stay valid."""
    username = unique("annika")
    anna.put("/api/user", json={"user": {"username": username, "bio": "New"}})
    answer = anna.get("/api/user")
    assert answer.status == 200
    assert answer.json["user"]["username"] == username


@rule("USER-7", "USER-5")
def test_a_refused_update_changes_no_password(anna: Person, reader: Person) -> None:
    """An update that is refused ends no session."""
    refused = anna.put(
        "/api/user", json={"user": {"password": "another horse", "email": reader.email}}
    )
    assert refused.status == 409
    assert anna.get("/api/user").status == 200
