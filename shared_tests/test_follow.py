"""Following and unfollowing."""

import pytest

from .harness import Client, Person, comment_on, register, rule, unique, write_article


def following(reader: Client, person: Person) -> bool:
    """Whether the reader follows this person, as the profile shows it."""
    seen: bool = reader.get(f"/api/profiles/{person.username}").json["profile"]["following"]
    return seen


@rule("FOLLOW-1")
def test_follow(anna: Person, ben: Person) -> None:
    """Following a user returns 200 with the profile."""
    answer = anna.post(f"/api/profiles/{ben.username}/follow")
    assert answer.status == 200
    assert (
        answer.body
        == (
            f'{{"profile":{{"username":"{ben.username}","bio":null,"image":null,"following":true}}}}'
        ).encode()
    )
    assert following(anna, ben) is True


@rule("FOLLOW-1")
def test_follow_twice(anna: Person, ben: Person) -> None:
    """Following again changes nothing, and unfollowing once is enough."""
    first = anna.post(f"/api/profiles/{ben.username}/follow")
    again = anna.post(f"/api/profiles/{ben.username}/follow")
    assert again.status == 200
    assert again.body == first.body
    anna.delete(f"/api/profiles/{ben.username}/follow")
    assert following(anna, ben) is False


@rule("FOLLOW-1", "NAME-2")
def test_follow_in_another_case(anna: Person, ben: Person) -> None:
    """The username in the path is case-insensitive."""
    answer = anna.post(f"/api/profiles/{ben.username.upper()}/follow")
    assert answer.status == 200
    assert answer.json["profile"]["username"] == ben.username
    assert following(anna, ben) is True


@rule("FOLLOW-2")
def test_unfollow(anna: Person, ben: Person) -> None:
    """Unfollowing a user returns 200 with the profile."""
    anna.post(f"/api/profiles/{ben.username}/follow")
    answer = anna.delete(f"/api/profiles/{ben.username}/follow")
    assert answer.status == 200
    assert (
        answer.body
        == (
            f'{{"profile":{{"username":"{ben.username}","bio":null,"image":null,"following":false}}}}'
        ).encode()
    )
    assert following(anna, ben) is False


@rule("FOLLOW-2")
def test_unfollow_one_of_several(client: Client, anna: Person, ben: Person) -> None:
    """Unfollowing does not change other follows."""
    clara = register(client, "clara")
    for follower, followed in [(anna, ben), (anna, clara), (clara, ben)]:
        follower.post(f"/api/profiles/{followed.username}/follow")
    anna.delete(f"/api/profiles/{ben.username}/follow")
    assert following(anna, ben) is False
    assert following(anna, clara) is True
    assert following(clara, ben) is True


@rule("FOLLOW-2")
def test_unfollow_without_following(anna: Person, ben: Person) -> None:
    """Unfollowing a user who is not followed returns the same 200."""
    answer = anna.delete(f"/api/profiles/{ben.username}/follow")
    assert answer.status == 200
    assert answer.json["profile"]["following"] is False


@rule("FOLLOW-2")
def test_unfollow_self(anna: Person) -> None:
    """Users who unfollow themselves get 200."""
    answer = anna.delete(f"/api/profiles/{anna.username}/follow")
    assert answer.status == 200
    assert answer.json["profile"] == anna.profile


@rule("FOLLOW-3")
def test_follow_self(anna: Person) -> None:
    """Users who follow themselves get 403, also in another case, and nothing changes."""
    for name in (anna.username, anna.username.upper()):
        answer = anna.post(f"/api/profiles/{name}/follow")
        assert answer.status == 403
        assert answer.body == b'{"errors":{"profile":["forbidden"]}}'
    assert following(anna, anna) is False


@rule("PROFILE-2")
@pytest.mark.parametrize("method", ["POST", "DELETE"])
def test_follow_unknown_user(reader: Person, method: str) -> None:
    """Following or unfollowing a username that does not exist returns 404."""
    answer = reader.request(method, f"/api/profiles/{unique('nobody')}/follow")
    assert answer.status == 404
    assert answer.body == b'{"errors":{"profile":["not found"]}}'


@rule("FOLLOW-4")
def test_following_is_the_readers_own(client: Client, anna: Person, ben: Person) -> None:
    """A follow has one direction, and belongs to one user."""
    anna.post(f"/api/profiles/{ben.username}/follow")
    assert following(ben, anna) is False
    assert following(client, ben) is False
    assert following(ben, ben) is False


@rule("FOLLOW-4", "LIST-4")
def test_following_the_author(client: Client, anna: Person, ben: Person) -> None:
    """The author of articles and comments shows whether the reader follows them."""
    article = write_article(ben)
    comment_on(article, ben)
    anna.post(f"/api/profiles/{ben.username}/follow")

    def seen_by(reader: Client) -> list[bool]:
        """The author's `following` in every response that shows the author."""
        path = f"/api/articles/{article['slug']}"
        return [
            reader.get(path).json["article"]["author"]["following"],
            reader.get(f"{path}/comments").json["comments"][0]["author"]["following"],
            reader.get(f"/api/articles?author={ben.username}").json["articles"][0]["author"][
                "following"
            ],
        ]

    assert seen_by(anna) == [True, True, True]
    assert seen_by(ben) == [False, False, False]
    assert seen_by(client) == [False, False, False]
