"""The demo site as plain data: the help topics of Python as articles, and comments on them.

It is always the same, also its times, so that all apps return it byte for byte alike.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pydoc_data.topics import topics

PASSWORD = "triptych-demo"
# The user that may use Django's admin.
ADMIN = "guido"
FIRST_CREATED_AT = datetime(2026, 1, 5, 9, 0, 0, 637_000, tzinfo=UTC)
ARTICLE_INTERVAL = timedelta(hours=7, minutes=13, milliseconds=41)
COMMENT_INTERVAL = timedelta(minutes=17, milliseconds=3)

PEOPLE = {
    "guido": "Started a hobby project over a Christmas holiday.",
    "ada": "Notes on engines, and on what they might weave.",
    "grace": "Looks for the moth before she blames the code.",
    "barbara": "Substitutes subtypes, and expects nothing to change.",
    "dennis": "Likes a language that one person can hold in the head.",
    "margaret": "Called it software engineering before it was one.",
    "sejong": "스물여덟 글자면 넉넉하다.",
    "edsger": None,
}
COMMENTS = [
    "This is the page I send to everybody who asks.",
    "I read it twice, and the second time I understood the grammar.",
    "The example in the middle is worth the whole text.",
    "이 설명 덕분에 이해했습니다. 고맙습니다!",
    "Does this still hold for the newest release?",
    "It does: the last section says so.",
    "I would have put the exception first, it is what one meets first. 🐍",
    "Short, and nothing is missing.",
]
WORDS = ["statement", "expression", "literal", "type", "operator", "class", "function", "name"]
KOREAN = {
    "파이썬의 이름과 객체": (
        "이름은 상자가 아니라 객체에 붙이는 꼬리표입니다.",
        "파이썬에서 대입은 값을 복사하지 않습니다.\n\n"
        "이름을 객체에 묶을 뿐이며, 한 객체에 여러 이름이 붙을 수 있습니다.\n"
        "그래서 리스트를 두 이름으로 부르면, 한쪽에서 바꾼 것이 다른 쪽에서도 보입니다.",
        ["파이썬", "name"],
    ),
    "들여쓰기는 문법이다": (
        "블록의 시작과 끝을 공백이 정합니다.",
        "다른 언어의 중괄호 대신 파이썬은 들여쓰기를 읽습니다.\n\n"
        "같은 블록의 줄은 같은 깊이에서 시작해야 하고, 탭과 공백을 섞으면 오류가 납니다.",
        ["파이썬", "statement"],
    ),
    "한글 식별자 사용하기": (
        "변수 이름에 한글을 써도 됩니다.",
        "식별자는 유니코드 문자를 쓸 수 있고, 비교하기 전에 NFKC로 정규화됩니다.\n\n"
        "이름 = '세종' 처럼 쓸 수 있지만, 함께 일하는 사람들이 읽을 수 있는지 먼저 물어보세요.",
        ["파이썬", "name", "한글"],
    ),
}


@dataclass(frozen=True)
class DemoComment:
    author: str
    body: str
    written_at: datetime


@dataclass(frozen=True)
class DemoArticle:
    author: str
    title: str
    description: str
    body: str
    tags: list[str]
    written_at: datetime
    favorited_by: list[str]
    comments: list[DemoComment]


def email_of(username: str) -> str:
    return f"{username}@example.com"


def follows() -> Iterator[tuple[str, str]]:
    """Pairs of follower and followed: the first user follows five, the others the next two."""
    names = list(PEOPLE)
    for place, follower in enumerate(names):
        for distance in range(1, 3 if place else 6):
            yield follower, names[(place + distance) % len(names)]


def texts() -> Iterator[tuple[str, str, str, list[str]]]:
    """Title, description, body and tags of each article."""
    for topic, text in topics.items():
        lines = text.strip().splitlines()
        paragraphs = text.strip().split("\n\n")
        prose = [part for part in paragraphs[1:] if part[:1].isalpha()] or [lines[0]]
        described = " ".join(prose[0].split())[:200]
        tags = ["python", *(word for word in WORDS if word in lines[0].lower())]
        yield lines[0], described, text.strip(), sorted({*tags, topic.split("-")[0]})
    for title, (description, body, tags) in KOREAN.items():
        yield title, description, body, sorted(tags)


def articles() -> Iterator[DemoArticle]:
    """The articles, the oldest first."""
    names = list(PEOPLE)
    for number, (title, description, body, tags) in enumerate(texts()):
        written_at = FIRST_CREATED_AT + number * ARTICLE_INTERVAL
        yield DemoArticle(
            author=names[number * 3 % len(names)],
            title=title,
            description=description,
            body=body,
            tags=tags,
            written_at=written_at,
            favorited_by=[name for place, name in enumerate(names) if number % (place + 2) == 0],
            comments=[
                DemoComment(
                    author=names[(number + turn * 5 + 1) % len(names)],
                    body=COMMENTS[(number + turn) % len(COMMENTS)],
                    written_at=written_at + (turn + 1) * COMMENT_INTERVAL,
                )
                for turn in range(number % 4)
            ],
        )
