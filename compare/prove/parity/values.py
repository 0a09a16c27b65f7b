"""Values for the fields, queries and headers of a story: usual ones, odd ones and hostile ones."""

import base64
import json
import warnings
from collections.abc import Callable
from functools import cache
from typing import Any
from urllib.parse import quote

import jwt
from hypothesis import strategies as st

from compare.prove.parity.masks import SECRET
from compare.prove.parity.stories import mark
from compare.run.contract import Schema

# What stands in a JSON text as it is: numbers and escapes that no Python value is written as.
RAW, END = "\ue000", "\ue001"


def raw(text: str) -> str:
    return f"{RAW}{text}{END}"


# --- texts

WORDS = (
    "Dragons",
    "dragons",
    "How to train your dragon",
    "How to train your dragon?",
    "Feed",
    "feed 2",
    "한글 제목",
    "안녕하세요, 파이썬 3.14!",
    "Crème Brûlée à la carte",
    "Cre\u0300me Bru\u0302le\u0301e",
    "Straße",
    "日本語のタイトル",
    "שלום عليكم",
    "🎉🎊",
    "👩‍👩‍👧‍👦 family",
    "C++ & C#",
    "a-2",
    "a 2",
    "a",
    "A",
    "  spaces around  ",
    "../../etc/passwd",
    "'; DROP TABLE articles; --",
    '"quoted" \\ back\\slashed',
    "<script>alert(1)</script>&amp;&#39;&#x41;",
    "%s %d %% {0} {{x}} ${y}",
    "null",
    "0",
    "1e5",
    "line\nline\r\nline\ttab",
    "\x01\x08\x0c\x1b[31m\x7f\x80",
    "\u2028\u2029\ufeff\u202e\u200b",
    "\uffff\ufffe\U0010ffff",
    "İıſKß",
    "ﷺ ﬁ Ǆ",
    "word " * 30,
    "x" * 100,
    "x" * 101,
    "under_score.and.dots",
    "&#0;&#1114112;&#xD800;&#99999999999;",
    "1,000.50 and 3.14",
    "--- --",
    "'\"`´’“",
)
LETTERS = "aB1 -_.,'\"\\/&<>%+é\u0301ß한글語🐉\u00a0\u200d\x0b"
texts = st.sampled_from(WORDS) | st.text(LETTERS, min_size=1, max_size=20).filter(str.strip)
BLANKS = ("", " ", "\t\r\n", "\u3000\u2028", "\x1c\x1d\x1e\x1f\x85\xa0")
# Not blank: `str.strip()` leaves them.
ALMOST_BLANKS = ("\u200b", "\ufeff", "\u2060", "\x00")


def around(limit: int) -> list[str]:
    """Texts of a limit's length and one more, of characters that take 1 to 4 bytes."""
    return [mark(f"{letter}*{length}") for letter in "aé한🐉" for length in (limit, limit + 1)] + [
        " " + mark(f"a*{limit - 1}"),
        mark(f" *{limit + 1}"),
        mark(f"a*{limit}") + "\0",
    ]


# --- the fields of bodies, by their names in the schemas

NAMES = ("anna", "Bob", "carl_9", "d.e-f", "0", "_", "feed", "null", "Kim", "rger", "x--y")
usernames = st.sampled_from(NAMES) | st.from_regex(
    r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,7}", fullmatch=True
)
odd_usernames = st.sampled_from(
    (
        "-a",
        ".a",
        "a b",
        " anna",
        "anna ",
        "anna\n",
        "ann\u00e4",
        "\u212aim",
        "kim\u0130",
        "a/b",
        "a%2Fb",
        "a@b",
        "안나",
        "a\0",
        "..",
        "a..",
        "aux",
        "٣",
        *around(64),
        mark("_*64"),
        mark("a*900000"),
    )
)
emails = st.builds(
    "{}@{}".format,
    st.sampled_from(("anna", "Bob", "c.d", "x+y", "!#$%&'*+/=?^_`{|}~-", "0")),
    st.sampled_from(("example.com", "EXAMPLE.com", "a.b", "x-y.co.uk", "localhost.test")),
)
odd_emails = st.sampled_from(
    (
        "a",
        "a@",
        "@b.c",
        "a@b",
        "a@b.",
        "a@.b",
        "a@b..c",
        "a@-b.c",
        "a@b-.c",
        "a@b.c-",
        "a b@c.d",
        "a@b c.d",
        " a@b.c",
        "a@b.c ",
        "a@b.c\n",
        "a@@b.c",
        "a@b@c.d",
        "ä@b.c",
        "a@bücher.de",
        "a@b.한국",
        '"a"@b.c',
        "a@[127.0.0.1]",
        "a\0@b.c",
        "a.@b.c",
        ".a@b.c",
        "a@1.2",
        "\u212a@b.c",
        f"a@{'b' * 63}.c",
        f"a@{'b' * 64}.c",
        mark("a*250") + "@b.c",
        mark("a*251") + "@b.c",
        "a@" + mark("b.*125") + "cc",
        "a@" + mark("b.*126") + "cc",
    )
)
names_asked_for = usernames | odd_usernames.filter(lambda name: "⟦" not in name) | texts
passwords = st.sampled_from(
    (
        "password",
        "Password",
        " secret  ",
        "비밀번호는 용 🐉",
        "x" * 128,
        "\t\n\r 12345",
        "a\u0301bcdefg",
    )
)
odd_passwords = st.sampled_from(
    ("1234567", "🐉" * 7, "🐉" * 8, *around(128), mark(" *8"), "1234567\0", mark("x*900000"))
)
tags = st.sampled_from(
    (
        "python",
        "Python",
        "한글",
        "dragons",
        "a b",
        "é",
        "e\u0301",
        "🐉",
        "zebra",
        "&",
        "%",
        "'",
        "ﬁ",
        "\uffff",
        "\U00010000",
        "0",
        "10",
        "9",
        "a,b",
        "tag-1",
        "tag-2",
        "tag-3",
        *("x" * 64, "\u200bx"),
    )
)
padded_tags = st.builds(
    "{}{}{}".format, st.sampled_from(("", " ", "\u3000\t")), tags, st.sampled_from(("", "\n"))
)
tag_lists = st.lists(tags | padded_tags, max_size=5)
odd_tag_lists: st.SearchStrategy[Any] = st.sampled_from(
    (
        "python",
        ["a", 1],
        ["a", None],
        ["a", ["b"]],
        [1, "\0"],
        [{}],
        {"0": "a"},
        ["", " ", "\u3000"],
        ["\0"],
        ["a\0", mark("x*65")],
        [mark("x*65"), "\0"],
        [mark("🐉*64")],
        [mark("🐉*65")],
        [" " + mark("x*64") + " "],
        [f"t{number}" for number in range(20)],
        [f"t{number}" for number in range(21)],
        [f" t{number % 20} " for number in range(40)] + ["", " "],
        [f"t{number}" for number in range(21)] + [mark("x*65")],
        ["a"] * 500,
    )
)
wrong: st.SearchStrategy[Any] = st.sampled_from(
    (
        None,
        *BLANKS,
        *ALMOST_BLANKS,
        "\0",
        " \0 ",
        "x\0y",
        0,
        1,
        -1,
        1.5,
        True,
        False,
        [],
        {},
        ["x"],
        [[]],
        {"x": 1},
        raw("1e5"),
        raw("-0"),
        raw("0.1e-400"),
        raw("1e999"),
        raw("-1e999"),
        raw("01"),
        raw("1."),
        raw(".5"),
        raw("+1"),
        raw("0x10"),
        raw("NaN"),
        raw("-Infinity"),
        raw("undefined"),
        raw("1" * 30),
        raw(mark("9*4300")),
        raw(mark("9*4301")),
        raw(mark("9*40000")),
        raw("9223372036854775808"),
        raw(r'"\ud800"'),
        raw(r'"\udc00\ud800"'),
        raw(r'"\ud83d\udc09"'),
        raw(r'"\u0000"'),
        raw(r'"\x41"'),
        raw(r'"\u00"'),
        raw('"\udcff"'),
        raw('"\udced\udca0\udc80"'),
        raw('"\udcc0\udc80"'),
        raw('"tab\ttab"'),
        raw('"line\nline"'),
        raw("[" * 150 + "]" * 150),
        raw("[" * 210 + "]" * 210),
    )
)

Values = st.SearchStrategy[Any]
optional_texts: Values = texts | st.sampled_from((None, "", " "))
FIELDS: dict[str, tuple[Values, Values]] = {
    "username": (usernames, odd_usernames | wrong),
    "email": (emails, odd_emails | wrong),
    "password": (passwords, odd_passwords | wrong),
    "bio": (optional_texts, st.sampled_from(around(1000)) | wrong),
    "image": (optional_texts, st.sampled_from(around(2000)) | wrong),
    "tagList": (tag_lists, odd_tag_lists | wrong),
}
"""Usual and odd values of the fields that are no plain texts."""


@cache
def plain_texts(limit: int) -> tuple[Values, Values]:
    return texts, st.sampled_from(around(limit)) | wrong


def field_values(name: str, schema: Schema) -> tuple[Values, Values]:
    """The usual and the odd values of a field of a body."""
    return FIELDS.get(name) or plain_texts(schema.get("maxLength", 100))


# --- whole bodies


def write_json(value: Any, *, escaped: bool = False, **style: Any) -> str:
    """JSON with what is raw in it as it is; marks stay marks."""
    text = json.dumps(value, ensure_ascii=False, **style)
    pieces = text.split(f'"{RAW}') if RAW in text else [text]
    for place, piece in enumerate(pieces[1:], 1):
        inside, _, after = piece.partition(f'{END}"')
        pieces[place] = json.loads(f'"{inside}"', strict=False) + after
    text = "".join(pieces)
    return "".join(map(escape, text)) if escaped else text


def escape(character: str) -> str:
    keep = character < "\x80" or character in "⟦⟧" or "\udc80" <= character <= "\udcff"
    return character if keep else json.dumps(character)[1:-1]


def nest(depth: int) -> Callable[[str], str]:
    return lambda text: "[" * depth + text + "]" * depth


def latin(text: str) -> str:
    return text.encode("latin-1", "replace").decode(errors="surrogateescape")


def utf16(text: str) -> str:
    return text.encode("utf-16", "replace").decode(errors="surrogateescape")


MANGLINGS: tuple[Callable[[str], str], ...] = (
    lambda text: "",
    lambda text: " ",
    lambda text: text[:-1],
    lambda text: text[: len(text) // 2],
    lambda text: text + "}",
    lambda text: text + text,
    lambda text: text + " \n\t",
    lambda text: "\n " + text,
    lambda text: text + "\0",
    lambda text: "\ufeff" + text,
    lambda text: text + "// comment",
    lambda text: text.replace('"', "'"),
    lambda text: text.replace("}", ",}"),
    lambda text: text.replace(":", " : ").replace(",", "\r\n,\t"),
    lambda text: text.replace("{", "{\xa0"),
    lambda text: f"[{text}]",
    lambda text: json.dumps(text, ensure_ascii=False),
    lambda text: "null",
    lambda text: "true",
    lambda text: "0",
    lambda text: '""',
    lambda text: "[]",
    lambda text: "{}",
    lambda text: '{"user":null,"article":null,"comment":null}',
    lambda text: '{"user":[],"article":[],"comment":[]}',
    lambda text: '{"user":"x","article":"{}","comment":""}',
    lambda text: '{"user":{},"article":{},"comment":{}}',
    lambda text: '{"User":{},"Article":{},"Comment":{}}',
    lambda text: '{"user":NaN,"article":Infinity,"comment":-1e999}',
    lambda text: "user=x&article=y&comment=z",
    lambda text: "<user/>",
    latin,
    utf16,
    nest(199),
    nest(200),
    nest(201),
    nest(5000),
    lambda text: '{"x":' * 100 + text + "}" * 100,
    lambda text: f'{{"x":{nest(198)("1")},{text[1:]}',
    lambda text: f'{{"x":{nest(205)("1")},{text[1:]}',
    lambda text: text[:-1] + " " * 8 + mark(" *1047000") + "}",
    lambda text: mark(" *1048576"),
    lambda text: mark("a*1048577"),
    lambda text: text + mark(" *1048577"),
)
"""What is done to a good body to make another one of it, mostly a bad one."""

JSON_TYPES = (
    "application/json; charset=utf-8",
    "APPLICATION/JSON",
    "application/json;",
    "application/json ; charset=latin-1",
    "application/json; charset=utf-16",
    "application/json;charset=nonsense",
    'application/json; profile="a;b"',
)
OTHER_TYPES = (
    "",
    "application",
    "application/jsonx",
    "application/json, text/plain",
    "application/json text/plain",
    "application/vnd.api+json",
    "text/json",
    "text/plain",
    "*/*",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "multipart/form-data",
    "json",
    ";",
    "; charset=utf-8",
    "application/\xe9",
    "\xa0application/json",
    "application/json\xa0",
    '"application/json"',
)

# --- tokens


def sign(payload: object, *, key: str = SECRET, **head: Any) -> str:
    """A token of any payload and head; `alg` names how it is signed."""
    algorithm = head.pop("alg", "HS256")
    content = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    with warnings.catch_warnings(action="ignore"):  # about keys that are short for a hash
        return jwt.PyJWS().encode(content, key if algorithm != "none" else None, algorithm, head)


PAST, FUTURE = 1_700_000_000, 4_000_000_000
SESSION = "0" * 32
CLAIMS = {"sub": "1", "iat": PAST, "exp": FUTURE, "ver": 1, "sid": SESSION}


def claim(**changes: Any) -> str:
    """A token with other claims; `...` leaves one out."""
    return sign({name: value for name, value in (CLAIMS | changes).items() if value is not ...})


def claims(name: str, *odd: Any) -> list[str]:
    return [claim(**{name: value}) for value in odd]


def encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


HONEST = (
    sign(CLAIMS),
    claim(sub="2"),
    claim(sub="3", more="x"),
    claim(ver=2),
    sign(CLAIMS, typ="x", kid="../../x"),
    claim(jti="x", nbf=PAST),
    claim(exp=FUTURE + 0.5, iat=PAST + 0.5),
)
"""Good ones, if the user with this id is there and has not changed the password too often."""
DISHONEST = (
    *(claim(**{name: ...}) for name in CLAIMS),
    *(claim(**{name: None}) for name in CLAIMS),
    *claims("sub", 1, "", "0", "01", " 1", "1 ", "-1", "+1", "1.0", "١", "a", [], {}, True),
    *claims("sub", "9" * 18, "9" * 19, "9" * 20, "9" * 5000, "1\n", "1_0", "999"),
    *claims("sid", None, 1, "", "0" * 31, "A" * 32, "0" * 32 + "\n", [], {}),
    *claims("ver", "1", 1.0, 1.5, True, False, 0, -1, 2**31, 2**63, 10**400, [], {}),
    *claims("exp", PAST, 0, -1, PAST + 0.5, str(FUTURE), "x", True, [], 10**400),
    *claims("iat", FUTURE, str(PAST), "x", True, [], 10**400, -1, 0),
    *claims("nbf", FUTURE, "x", None),
    claim(aud="x"),
    claim(iss=1),
    claim(exp=1e308),
    sign(b'{"sub":"1","iat":1,"exp":1e999,"ver":1,"sid":"00000000000000000000000000000000"}'),
    sign(b'{"sub":"1","iat":NaN,"exp":Infinity,"ver":1,"sid":"00000000000000000000000000000000"}'),
    sign(
        b'{"sub":"2","sub":"1","iat":1,"exp":4000000000,"ver":1,"sid":"00000000000000000000000000000000"}'
    ),
    sign(
        b'{"sub":"\\ud800","iat":1,"exp":4000000000,"ver":1,"sid":"00000000000000000000000000000000"}'
    ),
    sign(
        b'{"sub":"1\\u0000","iat":1,"exp":4000000000,"ver":1,"sid":"00000000000000000000000000000000"}'
    ),
    sign(b"\xff"),
    sign(b""),
    sign(b"[]"),
    sign(b"null"),
    sign(b"[" * 2000),
    sign(CLAIMS, key="another-secret-that-is-long-enough-for-any-hash-function-of-the-family"),
    sign(CLAIMS, alg="HS384"),
    sign(CLAIMS, alg="HS512"),
    sign(CLAIMS, alg="none"),
    sign(CLAIMS, crit=["x"]),
    sign(CLAIMS, b64=False, crit=["b64"]) + "x",
    f"{encode(b'[]')}.{encode(b'{}')}.x",
    f"{encode(b'null')}.e30.",
    f"{encode(b'{"alg":1}')}.e30.x",
    f"{encode(b'{"alg":null}')}.e30.x",
    f"{encode(b'{}')}.e30.x",
    f"{encode(b'{"alg":"HS256"}')}.{encode(b'{"sub":"1"}')}.",
    f"{encode(b'{"alg":"hs256"}')}.e30.x",
    sign(CLAIMS) + "=",
    sign(CLAIMS) + ".x",
    sign(CLAIMS).replace(".", ".."),
    sign(CLAIMS)[:-1],
    "." + sign(CLAIMS),
    "..",
    "x",
    "x" * 7000,
    "\xe9.\xe9.\xe9",
    "null",
    "undefined",
)
SCHEMES = ("Token {}", "Bearer {}", "token {}", "BEARER {}", "tOkEn {}", "Token  {}", "Token\t{}")
BAD_AUTHORIZATIONS = (
    "",
    "Token",
    "Bearer",
    "Token {} x",
    "Token{}",
    "Token: {}",
    "Token,{}",
    "{}",
    "Basic YTpi",
    "Digest {}",
    "JWT {}",
    "Token Bearer {}",
    "Token {}, Bearer {}",
    'Token "{}"',
    "Token {}\xa0",
    "\xa0Token {}",
    "Token\xa0{}",
    "Tok\xe9n {}",
)

# --- queries

NUMBERS = ("1", "2", "3", "5", "10", "20", "100", "0", "007")
ODD_NUMBERS = (
    "",
    "0",
    "-0",
    "00",
    "-1",
    "+1",
    "%2B1",
    "101",
    "1000",
    "1.0",
    "1e1",
    "0x1",
    "1_0",
    "%201",
    "1%20",
    "1%0A",
    "+",
    "-",
    "--1",
    "abc",
    "null",
    "true",
    "%EF%BC%91",
    "%D9%A3",
    "%C2%B2",
    "%E2%88%921",
    "%00",
    "1%00",
    "%FF",
    "%zz",
    "%",
    "%31%30",
    "2147483647",
    "2147483648",
    "9223372036854775808",
    "9" * 3500,
    "-" + "9" * 3500,
    "0" * 3500 + "5",
    "[]",
    "1,2",
    "1;offset=2",
)
ODD_TEXTS = (
    "",
    "%00",
    "a%00b",
    "%FF",
    "%C0%80",
    "%ED%A0%80",
    "%E2%82",
    "%zz",
    "%",
    "%u0061",
    "+",
    "%20",
    "%2B",
    "a+b",
    "%25",
    "%2525",
    "%26",
    "%3D",
    "%23",
    "=",
    "'",
    "%27%20OR%201=1--",
    "%",
    "_",
    "*",
    "%5C",
    "%EF%BB%BF",
    "%E2%84%AAim",
    "%C4%B0",
    "x" * 3000,
    "%F0%9F%90%89" * 200,
    "[]",
    "null",
)
QUERIES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "ms": (("1", "2", "3"), ("", "0", "-1", "5001", "1.5", "x", "%00", "%FF", "9" * 3500)),
    "n": (("1", "2", "3"), ("", "0", "-1", "51", "1.5", "x", "%00", "%FF", "9" * 3500)),
    "how": (("sequential", "threads", "tasks"), ("", "x", "Tasks", "%00", "%FF", "tasks%20")),
}
"""Usual and odd values of the parameters whose usual values are no names and no page."""
PAIRS = (
    "x=1",
    "limit",
    "limit=",
    "limit=2",
    "limit=x",
    "offset=1",
    "Limit=x",
    "LIMIT=0",
    "limit[]=x",
    "%6Cimit=3",
    "%6Cimit=x",
    "tag",
    "tag=",
    "tag=%FF",
    "tag=a=b",
    "%FF=1",
    "%00=1",
    "=",
    "=x",
    "&",
    "&&limit=1&&",
    "?limit=1",
    "a=1;limit=x",
    "author=%00&favorited=%FF&tag=%00&limit=x&offset=x",
    "favorited=&author=",
    "token=x",
    "format=api",
    "_method=DELETE",
    "&".join(f"x{number}=1" for number in range(400)),
)
"""What may follow the parameters that an operation has."""

TAGS_ASKED_FOR = tuple(
    quote(tag, safe="")
    for tag in ("python", "Python", "한글", "a b", "é", "🐉", "dragons", "&", "%", "0", "x" * 64)
)

# What comes with a request that takes no body.
IDLE_BODIES = ("", "x", "{}", '{"user":{}}', mark("x*70000"), mark("x*1048577"))

# --- paths

PATH_CHANGES: tuple[Callable[[str], str], ...] = (
    lambda path: path + "/",
    lambda path: path + "/",
    lambda path: path + "//",
    lambda path: path + "/x",
    lambda path: path + "/.",
    lambda path: path + "/..",
    lambda path: path + "%2F",
    lambda path: path + "%2f",
    lambda path: path + "%00",
    lambda path: path + "%FF",
    lambda path: path + "%20",
    lambda path: path + "%0A",
    lambda path: path + "%0D%0ASet-Cookie:%20a=b",
    lambda path: path + "%C3%A9",
    lambda path: path + ";x=1",
    lambda path: path + ".json",
    lambda path: path + "%3F",
    lambda path: path + "%3Fx=1",
    lambda path: path + "%23",
    lambda path: path + "%",
    lambda path: path + "%zz",
    lambda path: path + "%E2%82",
    lambda path: path + "+",
    lambda path: path + "x" * 3000,
    lambda path: "http://api.example" + path,
    lambda path: "/" + path,
    lambda path: "/." + path,
    lambda path: "/x/.." + path,
    lambda path: "/x" + path,
    lambda path: path.removeprefix("/api"),
    lambda path: path.replace("/api", "/API", 1),
    lambda path: path.replace("/api", "/%61pi", 1),
    lambda path: path.replace("/api/", "/api%2F", 1),
    lambda path: path.replace("/api/", "/api//", 1),
    lambda path: path.replace("/api/", "/api/./", 1),
    lambda path: path.replace("/api/", "/api/x/../", 1),
    lambda path: path.replace("/api/", "/api/%2e%2e/api/", 1),
    lambda path: path.rpartition("/")[0],
    lambda path: path.rpartition("/")[0] + "/",
    lambda path: path.rpartition("/")[0] + "/%FF",
    lambda path: path.rpartition("/")[0] + "/%2e",
    lambda path: path.rpartition("/")[0] + "/feed",
    lambda path: path.rpartition("/")[0] + "/" + path.rpartition("/")[2].upper(),
)
ROUTES = (
    "/",
    "/api",
    "/api/",
    "/api/docs",
    "/api/docs/",
    "/api/redoc",
    "/api/openapi.json",
    "/api/openapi.yaml",
    "/api/docs/assets",
    "/api/docs/assets/",
    "/api/docs/assets/swagger-start.js",
    "/api/docs/assets/swagger-ui.css",
    "/api/docs/assets/nothing.js",
    "/api/docs/assets/..%5Cpages.py",
    "/api/docs/assets/../docs",
    "/api/docs/assets/%2e%2e/docs",
    "/api/docs/oauth2-redirect",
    "/api/live",
    "/api/live/",
    "/api/live?token=x",
    "/api/lab",
    "/api/lab/",
    "/api/lab/nothing",
    "/api/profiles",
    "/api/profiles/",
    "/api/users/1",
    "/api/articles/feed",
    "/api/articles/feed/",
    "/api/articles/fee%64",
    "/api/articles/Feed",
    "/api/articles/feed/comments",
    "/api/articles/feed/favorite",
    "/api/articles/feed/comments/1",
    "/api/articles//comments",
    "/api/articles/%20/comments",
    "/api/articles/./comments",
    "/api/health/live",
    "/openapi.json",
    "/docs",
    "/redoc",
    "/openapi",
    "/openapi/",
    "/static",
    "/static/",
    "/static/flask_openapi/index.html",
    "/favicon.ico",
    "/robots.txt",
    "/.well-known/x",
    "/index.html",
    "/x",
    "//",
    "/%2F",
    "/%00",
    "/%FF",
    "/?",
    "/?x=1",
    "/*",
)
"""Routes beside the operations, and what looks like one and is none."""
METHODS = (
    "GET",
    "HEAD",
    "OPTIONS",
    "POST",
    "PUT",
    "DELETE",
    "PATCH",
    "TRACE",
    "PROPFIND",
    "SEARCH",
)
COMMENT_IDS = (
    "0",
    "1",
    "2",
    "99",
    "-1",
    "+1",
    "01",
    "1.0",
    "1e0",
    "abc",
    "%31",
    "1%20",
    "%201",
    "1%0A",
    "1_0",
    "%EF%BC%91",
    "%D9%A1",
    "%00",
    "%FF",
    "9223372036854775807",
    "9223372036854775808",
    "99999999999999999999",
    "9" * 3500,
    "0" * 3500 + "1",
    ".",
    "..",
)

# --- headers

HEADERS: tuple[tuple[str, str], ...] = (
    ("X-Request-ID", "sane-1.2_3"),
    ("X-Request-ID", "x" * 64),
    ("X-Request-ID", "x" * 65),
    ("X-Request-ID", ""),
    ("X-Request-ID", "a b"),
    ("X-Request-ID", "a/b"),
    ("X-Request-ID", "\xe9"),
    ("X-Request-ID", "a,b"),
    ("x-request-id", "lower"),
    ("Accept", "text/html"),
    ("Accept", "application/xml;q=0.9, */*;q=0"),
    ("Accept", "nonsense"),
    ("Accept-Encoding", "gzip, br, zstd"),
    ("Accept-Encoding", "identity;q=0"),
    ("Accept-Language", "de, ko;q=0.5"),
    ("Accept-Charset", "latin-1"),
    ("If-None-Match", "*"),
    ("If-Match", '"x"'),
    ("If-Modified-Since", "Wed, 21 Oct 2099 07:28:00 GMT"),
    ("If-Unmodified-Since", "Wed, 21 Oct 2015 07:28:00 GMT"),
    ("Range", "bytes=0-3"),
    ("Range", "bytes=9999999-"),
    ("X-HTTP-Method-Override", "DELETE"),
    ("X-Forwarded-Host", "evil.example"),
    ("X-Forwarded-Proto", "https"),
    ("X-Forwarded-For", "1.2.3.4"),
    ("X-Forwarded-Prefix", "/x"),
    ("X-Script-Name", "/x"),
    ("Forwarded", "for=1.2.3.4;host=evil.example"),
    ("X-Original-URL", "/api/tags"),
    ("Host", "evil.example"),
    ("Host", "LOCALHOST:1"),
    ("Host", "[::1]:80"),
    ("Cookie", "sessionid=x; csrftoken=y; token=z"),
    ("Cookie", "nonsense;;=\xe9"),
    ("Origin", "https://app.example"),
    ("Origin", "null"),
    ("Referer", "https://app.example/x"),
    ("User-Agent", "\xe9" * 100),
    ("User-Agent", "x" * 7000),
    ("X-Requested-With", "XMLHttpRequest"),
    ("Upgrade-Insecure-Requests", "1"),
    ("Content-Encoding", "gzip"),
    ("Content-Language", "en"),
    ("Content-MD5", "x"),
    ("Cache-Control", "no-cache"),
    ("Authorization-X", "x"),
    ("X-CSRFToken", "x"),
    ("Max-Forwards", "0"),
    ("Expect", "100-continue"),
    ("TE", "trailers"),
    ("Connection", "close"),
    ("Connection", "keep-alive"),
    ("Access-Control-Request-Method", "DELETE"),
    ("X-Empty", ""),
)
"""What requests carry besides; none of it changes what the contract says of the answer."""
ORIGINS = ("https://app.example", "null", "http://localhost:3000")
REQUESTED = ("GET", "DELETE", "nonsense", "")
