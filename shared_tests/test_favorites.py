"""Favorites."""

from typing import Any

from .harness import Client, Person, rule, write_article


def seen_by(reader: Client, article: dict[str, Any]) -> tuple[bool, int]:
    """An article's `favorited` and `favoritesCount` for a reader."""
    seen = reader.get(f"/api/articles/{article['slug']}").json["article"]
    return seen["favorited"], seen["favoritesCount"]


@rule("FAVORITE-1")
def test_favorite(ben: Person, article: dict[str, Any]) -> None:
    """Adding a favorite returns 200 with the whole article."""
    answer = ben.post(f"/api/articles/{article['slug']}/favorite")
    assert answer.status == 200
    assert answer.json["article"] == {**article, "favorited": True, "favoritesCount": 1}
    assert seen_by(ben, article) == (True, 1)


@rule("FAVORITE-1")
def test_favorite_twice(ben: Person, article: dict[str, Any]) -> None:
    """Adding a favorite again changes nothing, and removing it once is enough."""
    path = f"/api/articles/{article['slug']}/favorite"
    first = ben.post(path)
    again = ben.post(path)
    assert again.status == 200
    assert again.body == first.body
    ben.delete(path)
    assert seen_by(ben, article) == (False, 0)


@rule("FAVORITE-1")
def test_favorite_own_article(anna: Person, article: dict[str, Any]) -> None:
    """Users may add their own articles to their favorites."""
    answer = anna.post(f"/api/articles/{article['slug']}/favorite")
    assert answer.status == 200
    assert answer.json["article"] == {**article, "favorited": True, "favoritesCount": 1}


@rule("FAVORITE-2")
def test_unfavorite(ben: Person, article: dict[str, Any]) -> None:
    """Removing a favorite returns 200 with the whole article."""
    ben.post(f"/api/articles/{article['slug']}/favorite")
    answer = ben.delete(f"/api/articles/{article['slug']}/favorite")
    assert answer.status == 200
    assert answer.json["article"] == article


@rule("FAVORITE-2")
def test_unfavorite_one_of_two(anna: Person, ben: Person, article: dict[str, Any]) -> None:
    """Removing one favorite keeps the other."""
    other = write_article(anna)
    for each in (article, other):
        ben.post(f"/api/articles/{each['slug']}/favorite")
    ben.delete(f"/api/articles/{article['slug']}/favorite")
    assert seen_by(ben, article) == (False, 0)
    assert seen_by(ben, other) == (True, 1)


@rule("FAVORITE-2")
def test_unfavorite_without_favorite(ben: Person, article: dict[str, Any]) -> None:
    """Removing a favorite that does not exist returns the same 200."""
    answer = ben.delete(f"/api/articles/{article['slug']}/favorite")
    assert answer.status == 200
    assert answer.json["article"] == article


@rule("FAVORITE-3")
def test_favorites_of_several(
    client: Client, anna: Person, ben: Person, article: dict[str, Any]
) -> None:
    """The count is for all users, and `favorited` is for the reader."""
    for person in (anna, ben):
        person.post(f"/api/articles/{article['slug']}/favorite")
    anna.delete(f"/api/articles/{article['slug']}/favorite")
    assert seen_by(ben, article) == (True, 1)
    assert seen_by(anna, article) == (False, 1)
    assert seen_by(client, article) == (False, 1)
