"""The rules of the contract, and which of them an operation keeps."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache

from compare.run.apps import ROOT
from compare.run.contract import Operation

LINE = re.compile(
    r"^(?:## (?P<section>.+)"
    r"|- \*\*(?P<id>[A-Z]+-[0-9]+)\*\* (?P<mark>\*pinned\* )?(?P<sentence>.+))$"
)

# Rules that an operation keeps because of its body, token or query in spec/openapi.yaml.
OF_BODIES = ("BODY-*", "FIELD-*", "ORDER-4", "ORDER-6", "ORDER-7", "ORDER-8")
OF_TOKENS = ("TOKEN-[1-9]", "ORDER-5")
OF_TOKENS_THAT_MAY_BE_ABSENT = ("TOKEN-1", "TOKEN-[3-9]", "ORDER-5")
OF_PAGES = ("QUERY-2", "QUERY-[5-9]")
OF_FILTERS = ("QUERY-3", "QUERY-4", "LIST-2", "LIST-3")
OF_REFUSALS = ("ORDER-9",)

OF_THE_LAB = ("LAB-5", "LAB-6", "LAB-8")
OF_ITS_KIND = ("BODY-", "FIELD-", "ORDER-", "QUERY-", "TOKEN-")

# Rules that an operation keeps because of its purpose; rules with its route are found anyway.
OF_OPERATIONS: Mapping[str, tuple[str, ...]] = {
    "login": ("LOGIN-*", "EMAIL-3", "PASSWORD-2", "PASSWORD-3", "TOKEN-11", "DB-8"),
    "create_user": ("SIGNUP-*", "NAME-1", "NAME-2", "NAME-3", "EMAIL-*", "PASSWORD-*", "DB-8"),
    "get_current_user": ("PASSWORD-2",),
    "update_current_user": ("USER-[2-9]", "NAME-*", "EMAIL-*", "PASSWORD-*", "DB-8"),
    "get_profile_by_username": ("PROFILE-*", "NAME-2", "FOLLOW-4"),
    "follow_user_by_username": ("PROFILE-2", "NAME-2", "FOLLOW-[34]", "DB-5"),
    "unfollow_user_by_username": ("PROFILE-2", "NAME-2", "FOLLOW-4"),
    "get_articles_feed": ("LIST-4", "ROUTE-7"),
    "get_articles": ("LIST-*", "NAME-2", "TAGS-2"),
    "create_article": ("ARTICLE-4", "ARTICLE-8", "TAGLIST-[12346]", "SLUG-[1236]", "DB-5"),
    "get_article": ("SLUG-7", "FOLLOW-4", "ROUTE-7"),
    "update_article": ("ARTICLE-[4568]", "TAGLIST-[12356]", "SLUG-[1-7]", "ROUTE-7"),
    "delete_article": ("ARTICLE-5", "SLUG-7", "COMMENT-6", "ROUTE-7"),
    "get_article_comments": ("ARTICLE-2", "SLUG-7", "FOLLOW-4"),
    "create_article_comment": ("ARTICLE-2", "SLUG-7", "COMMENT-5", "ARTICLE-6"),
    "delete_article_comment": ("ARTICLE-2", "SLUG-7", "COMMENT-4", "COMMENT-6"),
    "create_article_favorite": ("ARTICLE-2", "SLUG-7", "FAVORITE-3", "ARTICLE-6"),
    "delete_article_favorite": ("ARTICLE-2", "SLUG-7", "FAVORITE-3", "ARTICLE-6"),
    "get_tags": ("TAGS-2",),
    "get_health": ("HEALTH-2",),
}


@dataclass(frozen=True)
class Rule:
    id: str
    sentence: str
    section: str
    pinned: bool = False
    """Whether the rule exists only because the frameworks differ; no client relies on it."""


@cache
def read_rules() -> tuple[Rule, ...]:
    """The rules of `spec/rules.md`, in its order."""
    section = ""
    rules = []
    for line in (ROOT / "spec" / "rules.md").read_text("utf-8").splitlines():
        if found := LINE.match(line):
            section = found["section"] or section
            if found["id"]:
                rules.append(Rule(found["id"], found["sentence"], section, bool(found["mark"])))
    return tuple(rules)


def rules_of(operation: Operation) -> list[Rule]:
    """The rules that the operation keeps, without those that every route keeps."""
    patterns = list(patterns_of(operation))
    return [
        rule
        for rule in read_rules()
        if names_it(rule, operation) or any(fnmatchcase(rule.id, each) for each in patterns)
    ]


def names_it(rule: Rule, operation: Operation) -> bool:
    return f"`{operation.route}`" in rule.sentence or f"`{operation.name}`" in rule.sentence


def patterns_of(operation: Operation) -> Iterator[str]:
    yield from OF_OPERATIONS.get(operation.name, ())
    if operation.body:
        yield from OF_BODIES
    if operation.token:
        yield from OF_TOKENS if operation.token == "must" else OF_TOKENS_THAT_MAY_BE_ABSENT
    if "offset" in operation.query:
        yield from OF_PAGES
    if "tag" in operation.query:
        yield from OF_FILTERS
    if {403, 404} <= operation.statuses:
        yield from OF_REFUSALS
    if "/lab/" in operation.path:
        yield from OF_THE_LAB
    if "how" in operation.query:
        yield "LAB-7"
