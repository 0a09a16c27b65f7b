"""Values for fields, queries and headers: usual ones, odd ones and hostile ones.

The values themselves are in `values.json`. There, `{"raw": "1e5"}` is written into a body
unchanged, and `⟦a*70000⟧` is a long text.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from compare.prove.parity.engine.bodies import RawJSON
from compare.prove.parity.engine.generator import Random, Vocabulary
from compare.prove.parity.engine.stories import mark
from compare.run.contract import Schema


def read_value(members: dict[str, Any]) -> Any:
    return RawJSON(members["raw"]) if members.keys() == {"raw"} else members


DATA = json.loads(
    (Path(__file__).parent / "values.json").read_text("utf-8"), object_hook=read_value
)
VOCABULARY: Vocabulary = DATA["vocabulary"]
USUAL: dict[str, Sequence[str]] = DATA["usual"]
ODD = DATA["odd"]
WRONG = DATA["wrong"]
"""Values that are wrong for every field."""
QUERIES: dict[str, dict[str, list[str]]] = DATA["queries"]
SCHEMES: list[str] = DATA["schemes"]
BAD_AUTHORIZATIONS: list[str] = DATA["bad_authorizations"]
COMMENT_IDS: list[str] = DATA["comment_ids"]


def text(rng: Random) -> str:
    """A text that is not blank."""
    if rng.one_in(2):
        return rng.choice(USUAL["text"])
    letters = "".join(rng.choices(USUAL["letters"], k=rng.randint(1, 20)))
    return letters if letters.strip() else "a"


def username(rng: Random) -> str:
    if rng.one_in(2):
        return rng.choice(USUAL["username"])
    first, others = USUAL["username_letters"]
    return "".join([rng.choice(first), *rng.choices(others, k=rng.randrange(8))])


def any_username(rng: Random) -> str:
    """A value for a username in a path."""
    return rng.choice([username(rng), str(rng.choice(ODD["username"])), text(rng)])


def tag(rng: Random) -> str:
    name = rng.choice(USUAL["tag"])
    if rng.one_in(2):
        name = rng.choice(["", " ", "\u3000\t"]) + name + rng.choice(["", "\n"])
    return name


def usual_field(rng: Random, name: str) -> Any:
    """A good value for a field of a body."""
    match name:
        case "username":
            return username(rng)
        case "email":
            return f"{rng.choice(USUAL['mailbox'])}@{rng.choice(USUAL['domain'])}"
        case "password":
            return rng.choice(USUAL["password"])
        case "tagList":
            tags = [tag(rng) for _ in range(rng.randrange(6))]
            return tags * 6 if rng.one_in(10) else tags  # only different ones count
        case "bio" | "image" if rng.one_in(2):
            return rng.choice([None, "", " "])
    return text(rng)


def odd_field(rng: Random, name: str, schema: Schema) -> Any:
    """An unusual value for a field, mostly an invalid one."""
    odd = [*ODD.get(name, [])]
    for each in (schema, *schema.get("anyOf", [])):
        if "maxLength" in each:
            odd += around(each["maxLength"])
    return rng.choice(odd if odd and rng.one_in(2) else WRONG)


def around(limit: int) -> list[str]:
    """Texts of this length, and one character longer, of characters with 1 to 4 bytes."""
    texts = [mark(f"{letter}*{length}") for letter in "aé한🐉" for length in (limit, limit + 1)]
    spaces = [" " + mark(f"a*{limit - 1}"), mark(f" *{limit + 1}")]
    return [*texts, *spaces, mark(f"a*{limit}") + "\0"]


def query_value(rng: Random, name: str, schema: Schema, *, odd: bool) -> str:
    """A value for a parameter of the query, encoded."""
    if odd and "maximum" in schema and rng.one_in(3):
        return str(rng.choice([schema["minimum"] - 1, schema["maximum"] + 1]))
    kind = QUERIES[name if name in QUERIES else schema["type"]]
    return rng.choice(kind["odd" if odd else "usual"])
