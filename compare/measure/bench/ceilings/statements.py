"""The four reads as SQL written by hand, and their answers as bytes.

There is no ORM, no schema and no serializer: PostgreSQL counts and collects in each statement,
a row becomes a dictionary, and a dictionary becomes JSON.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from pydantic_core import to_json

Row = Sequence[Any]

CONSTANT = {"message": "Hello, World!"}

AUTHOR = "u.username, u.bio, u.image"
ARTICLE = f"""
    a.slug, a.title, a.description,
    (SELECT json_agg(t.name) FROM tags t JOIN article_tags l ON l.tag_id = t.id
     WHERE l.article_id = a.id),
    a.created_at, a.updated_at,
    (SELECT count(*) FROM favorites f WHERE f.article_id = a.id),
    {AUTHOR}
"""
ARTICLES = f"""
    SELECT {ARTICLE}, (SELECT count(*) FROM articles)
    FROM articles a JOIN users u ON u.id = a.author_id
    WHERE a.id IN (SELECT id FROM articles ORDER BY id DESC LIMIT 20)
    ORDER BY a.id DESC
"""
ONE_ARTICLE = f"""
    SELECT {ARTICLE}, a.body FROM articles a JOIN users u ON u.id = a.author_id
    WHERE a.slug = %s
"""
COMMENTS = f"""
    SELECT a.id, c.id, c.created_at, c.updated_at, c.body, {AUTHOR}
    FROM articles a
    LEFT JOIN comments c ON c.article_id = a.id
    LEFT JOIN users u ON u.id = c.author_id
    WHERE a.slug = %s
    ORDER BY c.id DESC
"""
TAGS = """
    SELECT t.name FROM tags t JOIN article_tags l ON l.tag_id = t.id
    GROUP BY t.id ORDER BY count(*) DESC, t.id LIMIT 100
"""


def time_of(value: datetime) -> str:
    return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def author_of(username: str, bio: str | None, image: str | None) -> dict[str, Any]:
    return {"username": username, "bio": bio, "image": image, "following": False}


def article_of(row: Row, **more: Any) -> dict[str, Any]:
    slug, title, description, tags, created_at, updated_at, favorites, *author = row
    return {
        "slug": slug,
        "title": title,
        "description": description,
        **more,
        "tagList": sorted(tags or []),
        "createdAt": time_of(created_at),
        "updatedAt": time_of(updated_at),
        "favorited": False,
        "favoritesCount": favorites,
        "author": author_of(*author),
    }


def articles(rows: Sequence[Row]) -> bytes:
    shown = [article_of(row[:-1]) for row in rows]
    return to_json({"articles": shown, "articlesCount": rows[0][-1] if rows else 0})


def article(row: Row) -> bytes:
    return to_json({"article": article_of(row[:-1], body=row[-1])})


def comments(rows: Iterable[Row]) -> bytes:
    return to_json(
        {
            "comments": [
                {
                    "id": number,
                    "createdAt": time_of(created_at),
                    "updatedAt": time_of(updated_at),
                    "body": body,
                    "author": author_of(*author),
                }
                for _, number, created_at, updated_at, body, *author in rows
                if number is not None
            ]
        }
    )


def tags(rows: Iterable[Row]) -> bytes:
    return to_json({"tags": [name for (name,) in rows]})
