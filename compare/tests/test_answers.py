"""When two answers count as equal."""

import httpx2
import pytest

from compare.run.answers import Answer
from compare.run.apps import DJANGO, FLASK

TIME = b'{"at":"2026-02-18T03:22:56.637Z"}'


def answer(content: bytes, status: int = 200, headers: dict[str, str] | None = None) -> Answer:
    return Answer(DJANGO, httpx2.Response(status, content=content, headers=headers))


def test_same_answer_of_another_app() -> None:
    """The same answer from another app is equal."""
    other = Answer(FLASK, httpx2.Response(200, content=b"{}"))
    assert answer(b"{}") == other


def test_times() -> None:
    """Times may differ, but not in their shape."""
    assert answer(TIME) == answer(TIME.replace(b"637", b"001"))
    assert answer(TIME) != answer(TIME.replace(b"637", b"637000"))


def test_tokens() -> None:
    """Tokens may differ, in their length too."""
    assert answer(b'{"token":"eyJhbGc.eyJz.sig"}') == answer(b'{"token":"eyJhbGc.eyJzdWI.s1g"}')


def test_bytes() -> None:
    """JSON that means the same is not equal: the bytes count."""
    assert answer(b'{"a":1}') != answer(b'{"a": 1}')


def test_status() -> None:
    """Two statuses are not equal."""
    assert answer(b"{}", 200) != answer(b"{}", 201)


def test_headers() -> None:
    """Headers count by name and value."""
    assert answer(b"", headers={"Vary": "Origin"}) != answer(b"", headers={"Vary": "Accept"})
    assert answer(b"", headers={"Vary": "Origin"}) != answer(b"")


def test_headers_of_the_connection() -> None:
    """What belongs to the server and the connection does not count."""
    here, there = {"Date": "now", "Server": "a"}, {"Date": "then", "Server": "b"}
    assert answer(b"", headers=here) == answer(b"", headers=there)


def test_length_that_does_not_fit() -> None:
    """A Content-Length that does not match the body, as for HEAD, is compared unchanged."""
    here, there = {"Content-Length": "10"}, {"Content-Length": "11"}
    assert answer(b"", headers=here) != answer(b"", headers=there)


@pytest.mark.parametrize(
    "content", [b"{nope", b'"\xff"', b"[" * 100_000, b"9" * 5000, b""], ids=lambda text: text[:5]
)
def test_invalid_json(content: bytes) -> None:
    """A body with the media type of JSON that is not JSON can still be shown."""
    broken = answer(content, headers={"Content-Type": "application/json"})
    assert not broken.is_json
    assert isinstance(broken.to_json()["body"], str)
    assert "".join(broken.body_lines(pretty=True)) == content.decode(errors="backslashreplace")


def test_control_characters() -> None:
    """Control characters of a body are shown and not sent to the terminal."""
    assert answer(b"a\x1b]0;title\x07\tb").body_lines(pretty=False) == ["a\\x1b]0;title\\x07\tb"]
