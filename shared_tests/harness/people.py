"""People to sign in as, and things for them to write.

Every name is new, so that no test needs an empty database and none sees what another left.
"""

import secrets
from typing import Any

from .client import Client

PASSWORD = "correct horse"


def unique(word: str) -> str:
    """The word with an ending that nobody has used before."""
    return f"{word}{secrets.token_hex(4)}"


class Person(Client):
    """A user, signed in: a client that sends its token."""

    def __init__(self, client: Client, user: dict[str, Any], password: str) -> None:
        super().__init__(client.address, token=user["token"], cors=client.cors, http=client.http)
        self.username: str = user["username"]
        self.email: str = user["email"]
        self.password = password
        self.signed_in_with: str = user["token"]

    @property
    def profile(self) -> dict[str, Any]:
        """The profile as somebody sees it who does not follow, and before any change."""
        return {"username": self.username, "bio": None, "image": None, "following": False}


def register(client: Client, name: str = "anna", password: str = PASSWORD) -> Person:
    """Sign up somebody new whose username begins with the name."""
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
    """An article by this person, as the answer shows it."""
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
    """A comment by this person, as the answer shows it."""
    answer = person.post(
        f"/api/articles/{article['slug']}/comments", json={"comment": {"body": body}}
    )
    assert answer.status == 201
    written: dict[str, Any] = answer.json["comment"]
    return written
