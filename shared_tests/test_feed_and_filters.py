"""Lists of articles: feed, filters, paging, query parameters."""

import pytest

from .harness import Client, Person, pinned, rule, unique, write_article
from .harness.routes import segment

EMPTY = b'{"articles":[],"articlesCount":0}'
LISTS = ["/api/articles", "/api/articles/feed"]


def slugs(client: Client, query: str) -> list[str]:
    """The slugs in a list."""
    answer = client.get(f"/api/articles?{query}")
    assert answer.status == 200
    return [article["slug"] for article in answer.json["articles"]]


# Shape and order


@rule("LIST-1")
def test_list(client: Client, anna: Person) -> None:
    """The items of a list are articles without `body`, with keys in the order of the schema."""
    article = write_article(anna, tagList=["b", "a"])
    answer = client.get(f"/api/articles?author={anna.username}")
    assert answer.status == 200
    assert (
        answer.body
        == (
            f'{{"articles":[{{"slug":"{article["slug"]}","title":"{article["title"]}",'
            f'"description":"How dragons are trained","tagList":["a","b"],'
            f'"createdAt":"{article["createdAt"]}","updatedAt":"{article["updatedAt"]}",'
            f'"favorited":false,"favoritesCount":0,"author":{{"username":"{anna.username}",'
            f'"bio":null,"image":null,"following":false}}}}],"articlesCount":1}}'
        ).encode()
    )


@rule("LIST-1")
def test_newest_first(client: Client, anna: Person) -> None:
    """The newest article comes first, also after an older one was updated."""
    written = [write_article(anna)["slug"] for _ in range(5)]
    anna.put(f"/api/articles/{written[0]}", json={"article": {"body": "New."}})
    assert slugs(client, f"author={anna.username}") == written[::-1]


@rule("LIST-1", "QUERY-5")
def test_pages(client: Client, anna: Person) -> None:
    """A page has `limit` articles, starting at `offset`; the count is for all articles."""
    written = [write_article(anna)["slug"] for _ in range(5)][::-1]
    answer = client.get(f"/api/articles?author={anna.username}&limit=2&offset=1")
    assert answer.status == 200
    assert [article["slug"] for article in answer.json["articles"]] == written[1:3]
    assert answer.json["articlesCount"] == 5
    assert slugs(client, f"author={anna.username}&offset=4") == written[4:]
    assert slugs(client, f"author={anna.username}&limit=1") == written[:1]
    assert slugs(client, f"author={anna.username}&limit=100") == written


@rule("LIST-1", "QUERY-8")
@pytest.mark.parametrize("offset", [1, 2_147_483_647])
def test_page_after_the_last(client: Client, anna: Person, offset: int) -> None:
    """A page after the last article is empty, and the count is still for all articles."""
    write_article(anna)
    answer = client.get(f"/api/articles?author={anna.username}&offset={offset}")
    assert answer.status == 200
    assert answer.body == b'{"articles":[],"articlesCount":1}'


@rule("QUERY-5", "LIST-1")
def test_twenty_by_default(client: Client, anna: Person) -> None:
    """Without a limit, a page has twenty articles."""
    written = [write_article(anna)["slug"] for _ in range(21)]
    answer = client.get(f"/api/articles?author={anna.username}")
    assert answer.status == 200
    assert [article["slug"] for article in answer.json["articles"]] == written[:0:-1]
    assert answer.json["articlesCount"] == 21


# Filters


@rule("LIST-2")
def test_author(client: Client, anna: Person, ben: Person) -> None:
    """`author` returns the articles of that author."""
    mine, _ = write_article(anna), write_article(ben)
    assert slugs(client, f"author={anna.username}") == [mine["slug"]]


@rule("LIST-2")
def test_tag(client: Client, anna: Person) -> None:
    """`tag` returns the articles with that tag, each once."""
    tag = unique("tag-")
    both = write_article(anna, tagList=[tag, "other", f"{tag}-longer"])
    write_article(anna, tagList=[f"{tag}-longer", "other"])
    assert slugs(client, f"tag={tag}") == [both["slug"]]


@rule("LIST-2")
def test_favorited(client: Client, anna: Person, ben: Person) -> None:
    """`favorited` returns the favorites of a user, newest article first."""
    old, new, _ = write_article(anna), write_article(anna), write_article(anna)
    for article in (new, old):
        ben.post(f"/api/articles/{article['slug']}/favorite")
    anna.post(f"/api/articles/{old['slug']}/favorite")
    assert slugs(client, f"favorited={ben.username}") == [new["slug"], old["slug"]]
    assert slugs(client, f"favorited={anna.username}") == [old["slug"]]


@rule("LIST-2")
def test_filters_combine(client: Client, anna: Person, ben: Person) -> None:
    """An article must match all filters."""
    tag = unique("tag-")
    met = write_article(anna, tagList=[tag])
    others = [write_article(anna), write_article(ben, tagList=[tag])]
    write_article(anna, tagList=[tag])
    for article in (met, *others):
        ben.post(f"/api/articles/{article['slug']}/favorite")
    answer = client.get(f"/api/articles?author={anna.username}&favorited={ben.username}&tag={tag}")
    assert answer.status == 200
    assert [article["slug"] for article in answer.json["articles"]] == [met["slug"]]
    assert answer.json["articlesCount"] == 1


@rule("LIST-3")
@pytest.mark.parametrize(
    ("parameter", "value"),
    [
        ("tag", "nobody-has-this"),
        ("tag", "x" * 3_500),
        ("tag", " "),
        ("author", "nobody-has-this"),
        ("author", "x" * 3_500),
        ("author", "' OR '1'='1"),
        ("favorited", "nobody-has-this"),
        ("favorited", "x" * 3_500),
        ("favorited", "null"),
    ],
)
def test_filter_by_unknown_names(client: Client, parameter: str, value: str) -> None:
    """A name that does not exist, of any length and form, gives an empty list."""
    answer = client.get(f"/api/articles?{parameter}={segment(value)}")
    assert answer.status == 200
    assert answer.body == EMPTY


@rule("LIST-2")
def test_wildcards_find_nothing(client: Client, anna: Person) -> None:
    """A filter is compared exactly, not as a pattern."""
    tag = unique("tag-")
    article = write_article(anna, tagList=[tag])
    anna.post(f"/api/articles/{article['slug']}/favorite")
    for wildcard in ("%", "_", "*"):
        pattern = segment(anna.username[:-1] + wildcard)
        assert slugs(client, f"tag={segment(tag[:-1] + wildcard)}") == []
        assert slugs(client, f"author={pattern}") == []
        assert slugs(client, f"favorited={pattern}") == []


@rule("NAME-2", "LIST-2")
def test_names_in_another_case(client: Client, anna: Person, ben: Person) -> None:
    """The filters find usernames in upper or lower case."""
    article = write_article(anna)
    ben.post(f"/api/articles/{article['slug']}/favorite")
    assert slugs(client, f"author={anna.username.upper()}") == [article["slug"]]
    assert slugs(client, f"favorited={ben.username.upper()}") == [article["slug"]]


@rule("LIST-2", "TAGS-2")
@pytest.mark.parametrize("change", ["{}x", " {}", "{} "])
def test_tag_is_exact(client: Client, anna: Person, change: str) -> None:
    """A tag is compared exactly, including white space in the filter."""
    tag = unique("tag-")
    write_article(anna, tagList=[tag])
    answer = client.get(f"/api/articles?tag={segment(change.format(tag))}")
    assert answer.status == 200
    assert answer.body == EMPTY


@rule("TAGS-2", "LIST-2")
def test_tags_are_case_sensitive(client: Client, anna: Person) -> None:
    """Tags that differ only in case are different tags."""
    tag = unique("tag-é-")
    lower = write_article(anna, tagList=[tag])
    upper = write_article(anna, tagList=[tag.upper()])
    assert slugs(client, f"tag={segment(tag)}") == [lower["slug"]]
    assert slugs(client, f"tag={segment(tag.upper())}") == [upper["slug"]]


@rule("LIST-2")
@pytest.mark.parametrize("tag", ["{} a&b=c", "{}+한글/?#", "{}%25 🐉'\"\\"])
def test_tag_with_special_characters(client: Client, anna: Person, tag: str) -> None:
    """A tag with any characters is found when it is encoded in the query."""
    tag = tag.format(unique("tag"))
    article = write_article(anna, tagList=[tag])
    assert slugs(client, f"tag={segment(tag)}") == [article["slug"]]


@rule("LIST-2")
def test_plus_is_a_space(client: Client, anna: Person) -> None:
    """In a query, `+` is a space."""
    tag = unique("two words ")
    article = write_article(anna, tagList=[tag])
    assert slugs(client, f"tag={tag.replace(' ', '+')}") == [article["slug"]]


# What a reader gets


@rule("LIST-4", "FAVORITE-3")
def test_favorites_in_a_list(client: Client, anna: Person, ben: Person) -> None:
    """`favorited` is for the reader, and the count is for all users."""
    article = write_article(anna)
    ben.post(f"/api/articles/{article['slug']}/favorite")

    def seen_by(reader: Client) -> tuple[bool, int]:
        """The `favorited` and `favoritesCount` of the newest listed article for a reader."""
        item = reader.get(f"/api/articles?author={anna.username}").json["articles"][0]
        return item["favorited"], item["favoritesCount"]

    assert seen_by(ben) == (True, 1)
    assert seen_by(anna) == (False, 1)
    assert seen_by(client) == (False, 1)


# The feed


@rule("FEED-1")
def test_feed_of_somebody_new(anna: Person) -> None:
    """The feed of a user who follows nobody is empty, without the user's own articles."""
    write_article(anna)
    answer = anna.get("/api/articles/feed")
    assert answer.status == 200
    assert answer.body == EMPTY


@rule("FEED-1", "LIST-4")
def test_feed(anna: Person, ben: Person, writer: Person) -> None:
    """The feed has the articles of followed authors, in the format of the list."""
    article = write_article(ben, tagList=["b", "a"])
    write_article(writer)
    anna.post(f"/api/profiles/{ben.username}/follow")
    answer = anna.get("/api/articles/feed")
    assert answer.status == 200
    assert (
        answer.body
        == (
            f'{{"articles":[{{"slug":"{article["slug"]}","title":"{article["title"]}",'
            f'"description":"How dragons are trained","tagList":["a","b"],'
            f'"createdAt":"{article["createdAt"]}","updatedAt":"{article["updatedAt"]}",'
            f'"favorited":false,"favoritesCount":0,"author":{{"username":"{ben.username}",'
            f'"bio":null,"image":null,"following":true}}}}],"articlesCount":1}}'
        ).encode()
    )


@rule("FEED-1")
def test_feed_of_several(anna: Person, ben: Person, writer: Person) -> None:
    """Articles of several authors are in one order, newest first, across pages."""
    for person in (ben, writer):
        anna.post(f"/api/profiles/{person.username}/follow")
    expected = [write_article(person)["slug"] for person in (ben, writer, ben, writer)][::-1]
    answer = anna.get("/api/articles/feed?limit=2&offset=1")
    assert answer.status == 200
    feed = anna.get("/api/articles/feed").json["articles"]
    assert [article["slug"] for article in feed][:4] == expected
    assert [article["slug"] for article in answer.json["articles"]] == expected[1:3]


@rule("FEED-1")
def test_feed_after_unfollowing(anna: Person, ben: Person) -> None:
    """The feed does not contain authors who are no longer followed."""
    write_article(ben)
    anna.post(f"/api/profiles/{ben.username}/follow")
    anna.delete(f"/api/profiles/{ben.username}/follow")
    answer = anna.get("/api/articles/feed")
    assert answer.status == 200
    assert answer.body == EMPTY


@rule("FEED-1", "QUERY-2")
def test_feed_has_no_filters(anna: Person, ben: Person) -> None:
    """The feed ignores the filters of the list, even with invalid values."""
    write_article(ben)
    anna.post(f"/api/profiles/{ben.username}/follow")
    answer = anna.get("/api/articles/feed?author=nobody&tag=%FF&favorited=%00")
    assert answer.status == 200
    assert answer.json["articlesCount"] == 1


# Query parameters


@rule("QUERY-6")
@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "1.0",
        "1e1",
        "0x10",
        "%2B5",
        "+5",
        "%205",
        "5%20",
        "5%0A",
        "1_000",
        "--5",
        "-",
        "%E2%88%925",
        "%EF%BC%95",
        "%D9%A5",
        "%C2%B2",
        "NaN",
        "true",
        "%FF",
        "%00",
        "5%00",
    ],
)
def test_not_an_integer(client: Client, text: str) -> None:
    """Text that is not `-?[0-9]+` in ASCII is not an integer."""
    answer = client.get(f"/api/articles?limit={text}&offset={text}")
    assert answer.status == 422
    assert answer.body == (
        b'{"errors":{"limit":["must be an integer"],"offset":["must be an integer"]}}'
    )


@rule("QUERY-6")
def test_parameter_without_a_value(client: Client) -> None:
    """A parameter without a value is an empty string."""
    answer = client.get("/api/articles?limit&offset")
    assert answer.status == 422
    assert answer.body == (
        b'{"errors":{"limit":["must be an integer"],"offset":["must be an integer"]}}'
    )


@rule("QUERY-7")
@pytest.mark.parametrize("text", ["0", "-0", "-1", "101", "-" + "9" * 30, "9" * 30, "9" * 3_900])
def test_limit_outside(client: Client, text: str) -> None:
    """A limit outside 1 to 100 is refused, at any size."""
    answer = client.get(f"/api/articles?limit={text}")
    assert answer.status == 422
    assert answer.body == b'{"errors":{"limit":["must be between 1 and 100"]}}'


@rule("QUERY-8")
@pytest.mark.parametrize("text", ["-1", "2147483648", "9223372036854775808", "9" * 3_900])
def test_offset_outside(client: Client, text: str) -> None:
    """An offset outside 0 to 2147483647 is refused, at any size."""
    answer = client.get(f"/api/articles?offset={text}")
    assert answer.status == 422
    assert answer.body == b'{"errors":{"offset":["must be between 0 and 2147483647"]}}'


@rule("QUERY-6", "QUERY-7", "QUERY-8")
@pytest.mark.parametrize("query", ["limit=1", "limit=100", "limit=" + "0" * 50 + "7"])
def test_limit_inside(client: Client, story: dict[str, object], query: str) -> None:
    """Limits from 1 to 100 are accepted, with or without leading zeros."""
    answer = client.get(f"/api/articles?{query}")
    assert answer.status == 200
    assert answer.json["articlesCount"] > 0


@rule("QUERY-8")
@pytest.mark.parametrize("offset", ["0", "-0", "2147483647"])
def test_offset_inside(client: Client, offset: str) -> None:
    """Offsets from 0 up are accepted, and zero in every spelling."""
    answer = client.get(f"/api/articles?tag=no-such-tag&offset={offset}")
    assert answer.status == 200
    assert answer.body == EMPTY


@rule("QUERY-9", "ANSWER-4")
@pytest.mark.parametrize("path", LISTS)
def test_both_wrong(reader: Person, path: str) -> None:
    """If both are invalid, the response has both errors, `limit` first."""
    answer = reader.get(f"{path}?offset=x&limit=0")
    assert answer.status == 422
    assert answer.body == (
        b'{"errors":{"limit":["must be between 1 and 100"],"offset":["must be an integer"]}}'
    )


@rule("QUERY-9", "QUERY-4")
def test_everything_wrong(client: Client) -> None:
    """One response has the errors of all five parameters, in the order of the schema."""
    answer = client.get("/api/articles?favorited=%00&author=a%00&tag=%00b&offset=-1&limit=x")
    assert answer.status == 422
    assert answer.body == (
        b'{"errors":{"limit":["must be an integer"],'
        b'"offset":["must be between 0 and 2147483647"],'
        b'"tag":["is invalid"],"author":["is invalid"],"favorited":["is invalid"]}}'
    )


@rule("QUERY-4")
@pytest.mark.parametrize("text", ["%00", "a%00b"])
def test_nul_in_filters(client: Client, text: str) -> None:
    """A NUL is invalid in each filter."""
    answer = client.get(f"/api/articles?tag={text}&author={text}&favorited={text}")
    assert answer.status == 422
    assert answer.body == (
        b'{"errors":{"tag":["is invalid"],"author":["is invalid"],"favorited":["is invalid"]}}'
    )


@rule("LIST-3")
@pytest.mark.parametrize("name", ["tag", "author", "favorited"])
def test_bytes_that_are_not_utf8(client: Client, name: str) -> None:
    """Bytes that are not UTF-8 are a name that does not exist."""
    answer = client.get(f"/api/articles?{name}=no-such-%FF")
    assert answer.status == 200
    assert answer.body == EMPTY


@rule("QUERY-3")
def test_empty_filters(client: Client, anna: Person) -> None:
    """An empty filter counts as absent."""
    article = write_article(anna)
    assert slugs(client, f"author={anna.username}&tag=&favorited") == [article["slug"]]


@rule("QUERY-2")
@pytest.mark.parametrize("query", ["Limit=x", "limit[]=x", "%FF=%FF", "%00=%00", "&&=&=x", "a=%"])
def test_unused_parameters(client: Client, query: str) -> None:
    """Parameters that an operation does not use are never read."""
    answer = client.get(f"/api/articles?tag=no-such-tag&{query}")
    assert answer.status == 200
    assert answer.body == EMPTY


@rule("QUERY-2")
@pytest.mark.parametrize(
    "path",
    [
        "/api/tags",
        "/api/health",
        pytest.param("/api/openapi.json", marks=pinned),
        pytest.param("/api/docs", marks=pinned),
    ],
)
def test_parameters_where_none_is_used(client: Client, path: str) -> None:
    """An operation without parameters ignores any query."""
    answer = client.get(f"{path}?limit=x&offset=-1&tag=%FF&token=%00")
    assert answer.status == 200


@rule("QUERY-6")
def test_broken_escape(client: Client) -> None:
    """A percent sign that is not part of an escape is a percent sign."""
    answer = client.get("/api/articles?limit=5%")
    assert answer.status == 422
    assert answer.body == b'{"errors":{"limit":["must be an integer"]}}'


@rule("QUERY-2", "LIST-3")
def test_semicolons_do_not_separate(client: Client) -> None:
    """Only `&` separates parameters, not `;`."""
    answer = client.get("/api/articles?tag=no-such-tag;limit=x")
    assert answer.status == 200
    assert answer.body == EMPTY
