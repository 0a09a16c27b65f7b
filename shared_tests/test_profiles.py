"""Profiles."""

import pytest

from .harness import Client, Person, register, rule, unique
from .harness.routes import segment


@rule("PROFILE-1")
def test_profile(client: Client, anna: Person) -> None:
    """A profile has four fields, in the order of the schema."""
    anna.put(
        "/api/user", json={"user": {"bio": "용을 길들인다", "image": "https://x.example/a.png"}}
    )
    answer = client.get(f"/api/profiles/{anna.username}")
    assert answer.status == 200
    assert (
        answer.body
        == (
            f'{{"profile":{{"username":"{anna.username}","bio":"용을 길들인다",'
            f'"image":"https://x.example/a.png","following":false}}}}'
        ).encode()
    )


@rule("PROFILE-1")
def test_profile_of_somebody_new(client: Client, reader: Person) -> None:
    """A new user's `bio` and `image` are null."""
    answer = client.get(f"/api/profiles/{reader.username}")
    assert answer.status == 200
    assert (
        answer.body
        == (
            f'{{"profile":{{"username":"{reader.username}","bio":null,'
            f'"image":null,"following":false}}}}'
        ).encode()
    )


@rule("PROFILE-1")
def test_own_profile(reader: Person) -> None:
    """In a user's own profile, `following` is false."""
    answer = reader.get(f"/api/profiles/{reader.username}")
    assert answer.status == 200
    assert answer.json["profile"]["following"] is False


@rule("PROFILE-2")
@pytest.mark.parametrize(
    "name",
    [
        "nobody-has-this-name",
        "..",
        "%",
        "_",
        "a b",
        "한" * 300,
        "a?b",
        "a#b",
        "a;b",
        "x" * 1_000,
        "follow",
    ],
)
def test_unknown_profile(client: Client, name: str) -> None:
    """A username of any form that does not exist returns 404."""
    answer = client.get(f"/api/profiles/{segment(name)}")
    assert answer.status == 404
    assert answer.body == b'{"errors":{"profile":["not found"]}}'


@rule("NAME-2")
def test_profile_in_another_case(client: Client) -> None:
    """A username in a path is case-insensitive, and is returned as it was registered."""
    person = register(client, "Anna")
    answer = client.get(f"/api/profiles/{person.username.swapcase()}")
    assert answer.status == 200
    assert answer.json["profile"]["username"] == person.username


@rule("NAME-2")
@pytest.mark.parametrize(("ours", "theirs"), [("kate", "\u212aate"), ("sam", "ſam"), ("i", "İ")])
def test_only_ascii_is_case_insensitive(client: Client, ours: str, theirs: str) -> None:
    """Only ASCII letters are case-insensitive; similar letters are different."""
    username = register(client, ours).username
    answer = client.get(f"/api/profiles/{segment(theirs + username.removeprefix(ours))}")
    assert answer.status == 404
    assert answer.body == b'{"errors":{"profile":["not found"]}}'


@rule("NAME-2")
def test_wildcards_find_nobody(client: Client) -> None:
    """A username is compared exactly, not as a pattern."""
    username = register(client, "pat").username
    for pattern in (username[:-1] + "%25", username[:-1] + "_", username[:-1]):
        answer = client.get(f"/api/profiles/{pattern}")
        assert answer.status == 404
        assert answer.body == b'{"errors":{"profile":["not found"]}}'


@rule("NAME-1", "PROFILE-1")
def test_username_like_a_route(client: Client) -> None:
    """Dots and dashes in a username are part of it."""
    username = unique("a.b-c_")
    person = client.post(
        "/api/users",
        json={
            "user": {"username": username, "email": f"{username}@x.example", "password": "12345678"}
        },
    )
    assert person.status == 201
    answer = client.get(f"/api/profiles/{username}")
    assert answer.status == 200
    assert answer.json["profile"]["username"] == username
