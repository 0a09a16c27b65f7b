"""Prints a difference: the story as curl commands, and the responses side by side."""

import shlex

from rich.markup import escape

from compare.prove.parity.engine.player import Difference
from compare.prove.parity.engine.stories import Step, find_references, mark
from compare.run.columns import side_by_side
from compare.run.terminal import out

MAX_WORD = 1000


def show(difference: Difference, secret: str) -> None:
    """Print the story and the answers to its last step.

    `secret` is the place of a value that is new in each run, such as `.session.key`.
    """
    for line in curl_lines(difference, secret):
        out.print(f"[dim]{escape(line)}[/]", soft_wrap=True)
    out.print()
    answers = difference.answers
    if len(set(difference.sides)) > 1:
        out.print(side_by_side(answers))
        return
    names = ", ".join(answer.app.name for answer in answers)
    out.print(f"[bold red]Wrong in {names}:[/]\n")
    for line in answers[0].lines(pretty=True):
        out.print(escape(line), soft_wrap=True)


def curl_lines(difference: Difference, secret: str) -> list[str]:
    """The commands that repeat the story by hand, against the service at `$APP`.

    A secret that a later step needs goes into a variable: `KEY_3` for step 3.
    """
    steps = difference.story.steps
    values = [value for step in steps for _, value in step.headers]
    wanted = {name for name, path in find_references(*values) if path == secret}
    lines = []
    for step, request in zip(steps, difference.requests, strict=True):
        line = " ".join(curl_words(step, request, secret))
        if step.name in wanted:
            command = line.replace("curl -i", "curl -s")
            line = f"{variable_name(secret, step.name)}=$({command} | jq -r {secret})"
        lines.append(line)
    return lines


def curl_words(step: Step, request: Step, secret: str) -> list[str]:
    words = ["curl", "-I" if step.method == "HEAD" else "-i"]
    if step.method not in ("GET", "HEAD") or step.body is not None:
        words += ["-X", step.method]
    if "/." in request.path:
        words.append("--path-as-is")
    if set("[]{}") & set(request.target):
        words.append("-g")
    address = f"${{APP_{step.app.upper()}}}" if step.app else "$APP"
    if request.target.startswith("/"):
        words.append(double_quote(request.target, address))
    else:
        words += ["--request-target", shlex.quote(request.target), f'"{address}"']
    for (name, value), (_, filled) in zip(step.headers, request.headers, strict=True):
        secrets = [step for step, path in find_references(value) if path == secret]
        for each in secrets:
            value = value.replace(mark(each + secret), f"${variable_name(secret, each)}")
        # curl leaves out a header without a value, unless it ends with a semicolon.
        header = f"{name}: {filled}" if filled else f"{name};"
        words += ["-H", f'"{name}: {value}"' if secrets else quote(header.encode("latin-1"))]
    if step.chunked:
        words += ["-H", "'Transfer-Encoding: chunked'"]
    if request.body is not None:
        words += ["--data-binary", quote(request.body.encode(errors="surrogateescape"))]
    return words


def variable_name(secret: str, step: str) -> str:
    return f"{secret.rpartition('.')[2].upper()}_{step}"


def double_quote(text: str, variable: str) -> str:
    """The text quoted for a shell, which replaces the variable before it."""
    escaped = "".join(f"\\{letter}" if letter in '\\"$`' else letter for letter in text)
    return f'"{variable}{shorten(escaped)}"'


def quote(data: bytes) -> str:
    """The data quoted for a shell: as it is if printable, otherwise with the escapes of bash."""
    text = data.decode(errors="backslashreplace")
    if text.isprintable() and text.encode() == data:
        return shorten(shlex.quote(text))
    escaped = "".join(
        chr(byte) if 32 <= byte < 127 and byte not in b"'\\" else f"\\x{byte:02x}" for byte in data
    )
    return shorten(f"$'{escaped}'")


def shorten(word: str) -> str:
    if len(word) <= MAX_WORD:
        return word
    half = MAX_WORD // 2
    return f"{word[:half]}…{len(word) - MAX_WORD} more…{word[-half:]}"
