"""The names of articles in addresses."""

from collections.abc import Iterator

from slugify import slugify

MAX_LENGTH = 100
# A slug must not be the word of a route beside `/articles/{slug}`.
ROUTE_WORDS = {"feed"}
BATCH = 50


def slug_of(title: str) -> str:
    """The title in readable ASCII: `Żółw & 한글` becomes `zolw-hangeul`."""
    return slugify(title, max_length=MAX_LENGTH, word_boundary=True) or "article"


def candidates_for(title: str) -> Iterator[list[str]]:
    """The slugs that the title may get, best first, in batches that one query can check."""
    slug = slug_of(title)
    if slug not in ROUTE_WORDS:
        yield [slug]
    first = 2
    while True:
        yield [f"{slug}-{number}" for number in range(first, first + BATCH)]
        first += BATCH
