"""The texts and the order of the OpenAPI document.

Without this, the three documents mean the same, but neither their bytes nor the clients that are
generated from them are the same.
docs/differences.md#documents; DOCS-1, DOCS-8 and DOCS-9.
"""

from typing import Any

LICENSE = {"name": "MIT", "identifier": "MIT"}
CONTACT = {"name": "Triptych"}
TAGS = {
    "Accounts": "Signing up and in, and the user's own account.",
    "Profiles": "What everybody sees of a user, and following.",
    "Articles": "Articles, and lists of them.",
    "Comments": "Comments on articles.",
    "Favorites": "Articles that a user likes.",
    "Tags": "What articles are about.",
    "Health": "For monitoring.",
    "Lab": "Waiting in different ways, to see what waits for what.",
}
DESCRIPTIONS = {
    "login": "Checks email and password, and begins a session.",
    "create_user": "Makes a user whose name and email nobody has, and begins a session.",
    "get_current_user": "Shows the user that the token was made for, with that token.",
    "update_current_user": "Changes the fields that are sent. A new password ends other sessions.",
    "get_profile_by_username": "With a token, it shows whether the reader follows the user.",
    "follow_user_by_username": "Has no effect where the user is followed already.",
    "unfollow_user_by_username": "Has no effect where the user is not followed.",
    "get_articles_feed": "The newest articles by users that the reader follows, a page of them.",
    "get_articles": "The newest articles, a page of them. Filters apply together.",
    "create_article": "The slug is made from the title, and is unique.",
    "get_article": "With a token, it shows whether the reader likes the article.",
    "update_article": "Changes the fields that are sent. Only its author may change an article.",
    "delete_article": "Deletes the article with its comments. Only its author may do so.",
    "get_article_comments": "All comments on the article, the newest first.",
    "create_article_comment": "Adds a comment by the user.",
    "delete_article_comment": "Only its author may delete a comment.",
    "create_article_favorite": "Has no effect where the user likes the article already.",
    "delete_article_favorite": "Has no effect where the user does not like the article.",
    "get_tags": "The hundred most used tags, the most used first.",
    "get_health": "Checks the database, and waits at most a short time.",
    "lab_blocking": "An ordinary handler that blocks its thread.",
    "lab_async": "A coroutine that leaves the event loop to others while it waits.",
    "lab_stalled": "A coroutine that blocks its event loop: the classic mistake.",
    "lab_gather": "One after another, on threads, or as tasks of one event loop.",
}
# The order of keys, as spec/openapi.yaml has it; other keys follow in alphabetical order.
ORDER = (
    *("openapi", "info", "servers", "title", "version", "type", "name", "in", "operationId"),
    *("summary", "description", "license", "contact", "tags", "paths", "components"),
    *("get", "put", "post", "delete", "security", "required", "parameters", "requestBody"),
    *("responses", "content", "schema", "properties", "items", "anyOf", "pattern", "minLength"),
    *("maxLength", "minimum", "maximum", "default", "examples"),
)
# The contents of these stay in the order in which they were written.
WRITTEN = ("paths", "properties")


def complete(document: dict[str, Any], *, prefix: str) -> dict[str, Any]:
    """The document with texts and servers, for paths below the prefix, and with sorted keys."""
    used = set()
    own = {tag["name"]: tag for tag in document.get("tags", []) if tag["name"] not in TAGS}
    for path in document["paths"].values():
        for operation in path.values():
            used |= set(operation.get("tags", []))
            operation.setdefault("security", [])
            if operation["operationId"] in DESCRIPTIONS:
                operation["description"] = DESCRIPTIONS[operation["operationId"]]
    document["info"] |= {"license": LICENSE, "contact": CONTACT}
    document["servers"] = [{"url": prefix or "/"}]
    document["tags"] = [
        *({"name": name, "description": text} for name, text in TAGS.items() if name in used),
        *own.values(),
    ]
    arranged: dict[str, Any] = arrange(document)
    return arranged


def arrange(value: Any, *, as_written: bool = False) -> Any:
    """The JSON value with its keys in order, and whole numbers without a fraction."""
    if isinstance(value, dict):
        keys = value if as_written else sorted(value, key=rank)
        return {key: arrange(value[key], as_written=key in WRITTEN) for key in keys}
    if isinstance(value, list):
        return [arrange(each) for each in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def rank(key: str) -> tuple[int, str]:
    return ORDER.index(key) if key in ORDER else len(ORDER), key
