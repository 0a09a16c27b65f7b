"""How a slug is made from a title."""

import json
import re

import pytest

from .harness import Client, Person, register, rule, unique, write_article
from .harness.rules import SPEC
from .harness.servers import Server

EXAMPLES = [
    (json.loads(title), slug)
    for title, slug in re.findall(
        r'^\| `(".*")` \| `(.+)` \|$',
        (SPEC / "rules.md").read_text(encoding="utf-8"),
        re.MULTILINE,
    )
]


@pytest.fixture(scope="session")
def novelist(restricted: Server) -> Person:
    """A user on a server where no slug is taken."""
    return register(restricted.client, "novelist")


def slug_of(person: Person, title: str) -> str:
    """Create an article with this title and return its slug."""
    slug: str = write_article(person, title)["slug"]
    return slug


def rename(person: Person, slug: str, title: str) -> str:
    """Update the title and return the slug."""
    answer = person.put(f"/api/articles/{slug}", json={"article": {"title": title}})
    assert answer.status == 200
    renamed: str = answer.json["article"]["slug"]
    return renamed


@rule("SLUG-1")
def test_there_are_twenty_examples() -> None:
    """The contract has twenty examples, and the suite reads all of them."""
    assert len(EXAMPLES) == 20


@rule("SLUG-1", "SLUG-2", "SLUG-3")
@pytest.mark.parametrize(("title", "slug"), EXAMPLES, ids=[title[:30] for title, _ in EXAMPLES])
def test_examples(novelist: Person, title: str, slug: str) -> None:
    """Each example title of the contract gets its slug, and is found by it."""
    article = write_article(novelist, title)
    novelist_sees = novelist.get(f"/api/articles/{slug}")
    novelist.delete(f"/api/articles/{slug}")
    assert article["slug"] == slug
    assert novelist_sees.status == 200
    assert novelist_sees.json["article"]["title"] == title


@rule("SLUG-3")
def test_smallest_free_suffix(anna: Person) -> None:
    """A slug that is taken gets the smallest free suffix, so gaps are filled first."""
    title = unique("dragon")
    slugs = [slug_of(anna, title) for _ in range(4)]
    anna.delete(f"/api/articles/{title}-3")
    assert slugs == [title, f"{title}-2", f"{title}-3", f"{title}-4"]
    assert slug_of(anna, title) == f"{title}-3"
    assert slug_of(anna, title) == f"{title}-5"


@rule("SLUG-3")
def test_plain_slug_that_is_free_again(anna: Person) -> None:
    """When the slug without a suffix is free again, it is used."""
    title = unique("dragon")
    slug_of(anna, title)
    slug_of(anna, title)
    anna.delete(f"/api/articles/{title}")
    assert slug_of(anna, title) == title


@rule("SLUG-3")
def test_suffixes_of_other_titles(anna: Person) -> None:
    """The slug of a title that ends in a number counts as a taken suffix."""
    title = unique("dragon")
    assert slug_of(anna, f"{title} 2") == f"{title}-2"
    assert slug_of(anna, title) == title
    assert slug_of(anna, title) == f"{title}-3"
    assert slug_of(anna, f"{title} 2") == f"{title}-2-2"


@rule("SLUG-3", "SLUG-1")
def test_suffix_does_not_count(anna: Person) -> None:
    """A suffix does not count towards the 100 characters of a slug."""
    title = unique("dragon").ljust(150, "x")
    assert slug_of(anna, title) == title[:100]
    assert slug_of(anna, title) == f"{title[:100]}-2"


@rule("SLUG-2", "SLUG-3")
def test_titles_without_letters_or_digits(anna: Person) -> None:
    """Titles without letters get the slug `article`, with a suffix if it is taken."""
    slugs = {slug_of(anna, title) for title in ("🐉", "…", "\u200b")}
    assert len(slugs) == 3
    assert all(re.fullmatch(r"article(-[0-9]+)?", slug) for slug in slugs)


@rule("SLUG-3")
def test_the_word_of_a_route(client: Client, anna: Person) -> None:
    """An article called `feed`, in upper or lower case, gets a suffix, and is found by it."""
    slug = slug_of(anna, "FEED")
    assert re.fullmatch(r"feed-[0-9]+", slug)
    assert client.get(f"/api/articles/{slug}").json["article"]["title"] == "FEED"


@rule("SLUG-4")
def test_title_that_slugifies_the_same(anna: Person) -> None:
    """A new title with the same slug keeps the old slug, including its suffix."""
    title = unique("dragon")
    slug_of(anna, title)
    second = slug_of(anna, title)
    assert rename(anna, second, f"  {title.upper()}!  ") == f"{title}-2"


@rule("SLUG-4")
def test_suffix_is_kept_when_the_plain_slug_is_free(anna: Person) -> None:
    """An update with the same slug keeps its suffix, even if it is no longer needed."""
    title = unique("dragon")
    slug_of(anna, title)
    second = slug_of(anna, title)
    anna.delete(f"/api/articles/{title}")
    assert rename(anna, second, f"{title}!") == f"{title}-2"


@rule("SLUG-4")
def test_other_fields_keep_the_slug(anna: Person) -> None:
    """An update without a title keeps the slug."""
    slug = slug_of(anna, unique("dragon"))
    answer = anna.put(f"/api/articles/{slug}", json={"article": {"body": "New."}})
    assert answer.status == 200
    assert answer.json["article"]["slug"] == slug


@rule("SLUG-4", "SLUG-3")
def test_rename(client: Client, anna: Person) -> None:
    """A new title gives a new slug, and the old slug is free."""
    old, new = unique("dragon"), unique("wyvern")
    slug = slug_of(anna, old)
    assert rename(anna, slug, new) == new
    assert client.get(f"/api/articles/{old}").status == 404
    assert slug_of(anna, old) == old


@rule("SLUG-3")
def test_rename_to_a_taken_title(anna: Person) -> None:
    """A new title whose slug is taken gets a suffix."""
    taken = unique("dragon")
    slug_of(anna, taken)
    assert rename(anna, slug_of(anna, unique("wyvern")), taken) == f"{taken}-2"


@rule("SLUG-5")
def test_own_slug_counts_as_free(anna: Person) -> None:
    """An article `x-2` that is renamed to `X 2` keeps the slug `x-2`."""
    title = unique("dragon")
    slug_of(anna, title)
    second = slug_of(anna, title)
    assert rename(anna, second, f"{title} 2") == f"{title}-2"


@rule("SLUG-5", "SLUG-3")
def test_own_suffix_counts_as_free(anna: Person) -> None:
    """An article that is renamed away and back gets the suffix that it left free."""
    title = unique("dragon")
    slug_of(anna, title)
    second = slug_of(anna, title)
    away = rename(anna, second, unique("wyvern"))
    assert rename(anna, away, title) == f"{title}-2"


@rule("SLUG-3")
def test_rename_to_the_word_of_a_route(anna: Person) -> None:
    """A new title `Feed` does not give the slug `feed`."""
    slug = rename(anna, slug_of(anna, unique("dragon")), "Feed")
    assert re.fullmatch(r"feed-[0-9]+", slug)
