"""Users, and articles and comments that they write.

Every name is new, so no test needs an empty database or sees the data of another test.
"""

import secrets
from typing import Any

from .client import Client

PASSWORD = "correct horse"


def unique(word: str) -> str:
    """The word with a new random suffix."""
    return f"{word}{secrets.token_hex(4)}"


class Person(Client):
    """A signed-in user: a client that sends the user's token."""

    def __init__(self, client: Client, user: dict[str, Any], password: str) -> None:
        super().__init__(client.address, token=user["token"], cors=client.cors, http=client.http)
        self.username: str = user["username"]
        self.email: str = user["email"]
        self.password = password
        self.signed_in_with: str = user["token"]

    @property
    def profile(self) -> dict[str, Any]:
        """The profile as a user who does not follow sees it, before any change."""
        return {"username": self.username, "bio": None, "image": None, "following": False}


def register(client: Client, name: str = "anna", password: str = PASSWORD) -> Person:
    """Sign up a new user whose username starts with this name."""
    username = unique(name)
    answer = client.post(
        "/api/users",
        json={
            "user": {
                "username": username,
                "email": f"{username}@example.com",
                "password": password,
            }
        },
    )
    assert answer.status == 201
    return Person(client, answer.json["user"], password)


def write_article(person: Client, title: str | None = None, **fields: Any) -> dict[str, Any]:
    """Create an article as this person, and return it."""
    article = {
        "title": title or unique("Dragon "),
        "description": "How dragons are trained",
        "body": "With patience.",
        **fields,
    }
    answer = person.post("/api/articles", json={"article": article})
    assert answer.status == 201
    written: dict[str, Any] = answer.json["article"]
    return written


def comment_on(article: dict[str, Any], person: Client, body: str = "Well said.") -> dict[str, Any]:
    """Create a comment as this person, and return it."""
    answer = person.post(
        f"/api/articles/{article['slug']}/comments", json={"comment": {"body": body}}
    )
    assert answer.status == 201
    written: dict[str, Any] = answer.json["comment"]
    return written
