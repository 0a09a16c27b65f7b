from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, FailFast, Field, WithJsonSchema
from pydantic_core import MISSING, PydanticCustomError

from ..accounts.schemas import Profile
from ..schemas import (
    ABSENT,
    NO_NUL,
    SPACE,
    Integer,
    RequiredText,
    ResponseSchema,
    Schema,
    Text,
    Timestamp,
    between,
)

TAG_LENGTH = 64
TAGS_IN_ARTICLE = 20
# At most `TAG_LENGTH` characters after trimming.
TAG_PATTERN = rf"^[{SPACE}]*(?:[^{SPACE}\x00](?:[^\x00]{{0,62}}[^{SPACE}\x00])?)?[{SPACE}]*$"


def clean_tags(tags: list[str]) -> list[str]:
    """Trim the tags, drop blanks and duplicates, and sort by code point; then check the limits."""
    cleaned = sorted({tag.strip() for tag in tags} - {""})
    if any("\0" in tag for tag in cleaned):
        raise PydanticCustomError("nul", "is invalid")
    if any(len(tag) > TAG_LENGTH for tag in cleaned):
        limit = {"max_length": TAG_LENGTH}
        raise PydanticCustomError("tag", "is too long (maximum is {max_length} characters)", limit)
    if len(cleaned) > TAGS_IN_ARTICLE:
        limit = {"max_length": TAGS_IN_ARTICLE}
        raise PydanticCustomError("tags", "has too many items (maximum is {max_length})", limit)
    return cleaned


def empty_to_none(value: Any) -> Any:
    return value or None


Title = Annotated[RequiredText, Field(max_length=255, examples=["How to train your dragon"])]
Description = Annotated[RequiredText, Field(max_length=1000, examples=["Ever wonder how?"])]
Body = Annotated[RequiredText, Field(max_length=100_000, examples=["You have to believe."])]
Tag = Annotated[str, Field(json_schema_extra={"pattern": TAG_PATTERN})]
TagList = Annotated[
    list[Tag], FailFast(), AfterValidator(clean_tags), Field(examples=[["dragons", "training"]])
]
Limit = Annotated[
    Integer,
    between(1, 100),
    Field(json_schema_extra={"minimum": 1, "maximum": 100}),
]
Offset = Annotated[
    Integer,
    between(0, 2**31 - 1),
    Field(json_schema_extra={"minimum": 0, "maximum": 2**31 - 1}),
]
Filter = Annotated[
    Text | None,
    BeforeValidator(empty_to_none),
    WithJsonSchema({"type": "string", "pattern": NO_NUL}),
]


class NewArticle(Schema):
    title: Title
    description: Description
    body: Body
    tag_list: TagList | MISSING = ABSENT


class NewArticleRequest(Schema):
    article: NewArticle


class ArticleUpdate(Schema):
    """Fields that are not sent keep their values."""

    title: Title | MISSING = ABSENT
    description: Description | MISSING = ABSENT
    body: Body | MISSING = ABSENT
    tag_list: TagList | MISSING = ABSENT


class ArticleUpdateRequest(Schema):
    article: ArticleUpdate


class Page(Schema):
    limit: Limit = 20
    offset: Offset = 0


class ArticleFilters(Page):
    tag: Filter = None
    author: Filter = None
    favorited: Filter = None


def sort_tags(names: list[str] | None) -> list[str]:
    """Sort in Python, by code point, since databases collate differently."""
    return sorted(names or [])


TagNames = Annotated[list[str], BeforeValidator(sort_tags)]


class ArticleSummary(ResponseSchema):
    slug: str
    title: str
    description: str
    tag_list: TagNames
    created_at: Timestamp
    updated_at: Timestamp
    favorited: bool
    favorites_count: int
    author: Profile


class Article(ResponseSchema):
    slug: str
    title: str
    description: str
    body: str
    tag_list: TagNames
    created_at: Timestamp
    updated_at: Timestamp
    favorited: bool
    favorites_count: int
    author: Profile


class ArticleResponse(ResponseSchema):
    article: Article


class ArticlesResponse(ResponseSchema):
    articles: list[ArticleSummary]
    articles_count: int


class TagsResponse(ResponseSchema):
    tags: list[str]
