"""The tags in use, on a server where no other test creates tags."""

from collections.abc import Iterator

import pytest

from .harness import Client, Person, register, rule, unique, write_article
from .harness.routes import segment
from .harness.servers import Server


@pytest.fixture(scope="module")
def tagger(restricted: Server) -> Person:
    """A user who creates tags."""
    return register(restricted.client, "tagger")


@pytest.fixture
def cleaned(tagger: Person) -> Iterator[None]:
    """Delete the articles of the tagger after a test."""
    yield
    while written := tagger.get(f"/api/articles?author={tagger.username}&limit=100").json[
        "articles"
    ]:
        for article in written:
            tagger.delete(f"/api/articles/{article['slug']}")


def tag_articles(tagger: Person, *uses: tuple[str, int]) -> None:
    """Create as many articles with each tag as it has uses."""
    for tag, number in uses:
        for _ in range(number):
            write_article(tagger, unique("Tagged "), tagList=[tag])


@rule("TAGS-1", "TAGS-2")
@pytest.mark.usefixtures("cleaned")
def test_most_used_first(tagger: Person) -> None:
    """The most used tag comes first; with equal use, the older tag comes first."""
    tag_articles(tagger, ("zebra", 2), ("ant", 2), ("한글", 3), ("Ant", 1), ("🐉", 1), ("bee", 1))
    answer = tagger.get("/api/tags")
    assert answer.status == 200
    assert answer.body == '{"tags":["한글","zebra","ant","Ant","🐉","bee"]}'.encode()


@rule("TAGS-1")
@pytest.mark.usefixtures("cleaned")
def test_a_hundred_at_most(tagger: Person) -> None:
    """At most a hundred tags are listed: the most used, then the oldest."""
    old = [f"t{number:02}" for number in range(99)]
    for start in range(0, 99, 20):
        write_article(tagger, unique("Tagged "), tagList=old[start : start + 20])
    tag_articles(tagger, ("new", 1), ("last", 2))
    answer = tagger.get("/api/tags")
    assert answer.status == 200
    assert answer.json["tags"][0] == "last"
    assert sorted(answer.json["tags"][1:]) == old


@rule("TAGS-1", "ARTICLE-7", "TAGLIST-5")
@pytest.mark.usefixtures("cleaned")
def test_only_tags_in_use(tagger: Person) -> None:
    """A tag that no article has any more is not listed."""
    deleted = write_article(tagger, unique("Tagged "), tagList=["deleted", "kept"])
    cleared = write_article(tagger, unique("Tagged "), tagList=["cleared"])
    write_article(tagger, unique("Tagged "), tagList=["kept"])
    tagger.delete(f"/api/articles/{deleted['slug']}")
    tagger.put(f"/api/articles/{cleared['slug']}", json={"article": {"tagList": []}})
    answer = tagger.get("/api/tags")
    assert answer.status == 200
    assert answer.body == b'{"tags":["kept"]}'


@rule("TAGS-1")
def test_tags_anywhere(client: Client, anna: Person) -> None:
    """The most used tag is first in the list, also on a database with other tags."""
    before = client.get("/api/tags").json["tags"]
    uses = 1 + (
        client.get(f"/api/articles?tag={segment(before[0])}&limit=1").json["articlesCount"]
        if before
        else 0
    )
    tag = unique("popular-")
    tag_articles(anna, (tag, uses))
    answer = client.get("/api/tags")
    assert answer.status == 200
    assert answer.json["tags"][0] == tag
    assert len(answer.json["tags"]) <= 100
