"""Slugs: the names of articles in URLs."""

from collections.abc import Iterator

from slugify import slugify

MAX_LENGTH = 100
# Reserved words: `/articles/feed` is a route, so no article may have this slug.
RESERVED_SLUGS = {"feed"}
BATCH = 50


def slug_of(title: str) -> str:
    """The title in readable ASCII: `Żółw & 한글` becomes `zolw-hangeul`."""
    return slugify(title, max_length=MAX_LENGTH, word_boundary=True) or "article"


def candidates_for(title: str) -> Iterator[list[str]]:
    """The slugs that the title may get, best first, in batches that one query can check."""
    slug = slug_of(title)
    if slug not in RESERVED_SLUGS:
        yield [slug]
    first = 2
    while True:
        yield [f"{slug}-{number}" for number in range(first, first + BATCH)]
        first += BATCH
