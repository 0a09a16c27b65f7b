"""A difference for reading: the story as curl commands, and the answers side by side."""

import shlex

from rich.markup import escape

from compare.prove.parity.engine.player import Difference
from compare.prove.parity.engine.stories import Request, Step, find_references, mark
from compare.run.columns import side_by_side
from compare.run.terminal import out

MAX_WORD = 1000


def show(difference: Difference, secret: str) -> None:
    """Print the story and the answers to its last step.

    `secret` is the place of a value that each run gets anew, such as `.user.token`.
    """
    for line in curl_lines(difference, secret):
        out.print(f"[dim]{escape(line)}[/]", soft_wrap=True)
    out.print()
    answers = difference.answers
    if all(answer == answers[0] for answer in answers):
        names = ", ".join(answer.app.name for answer in answers)
        out.print(f"[bold red]Wrong in {names}:[/]\n")
        for line in answers[0].lines(pretty=True):
            out.print(escape(line), soft_wrap=True)
    else:
        out.print(side_by_side(answers))


def curl_lines(difference: Difference, secret: str) -> list[str]:
    """The commands that repeat the story by hand, against the service at `$APP`.

    A secret that a later step needs goes into a variable: `TOKEN_3` for step 3.
    """
    steps = difference.story.steps
    values = [value for step in steps for _, value in step.headers]
    wanted = {name for name, path in find_references(*values) if path == secret}
    lines = []
    for step, request in zip(steps, difference.requests, strict=True):
        line = curl_line(step, request, secret)
        if step.name in wanted:
            line = f"TOKEN_{step.name}=$({line.replace('curl -i', 'curl -s')} | jq -r {secret})"
        lines.append(line)
    return lines


def curl_line(step: Step, request: Request, secret: str) -> str:
    words = ["curl", "-i"]
    if step.method == "HEAD":
        words = ["curl", "-I"]
    elif step.method != "GET" or step.body is not None:
        words += ["-X", step.method]
    if "/." in request.path:
        words.append("--path-as-is")
    if set("[]{}") & set(request.target):
        words.append("-g")
    address = f"${{APP_{step.app.upper()}}}" if step.app else "$APP"
    if request.target.startswith("/"):
        words.append(f'"{address}{shorten(escape_in_quotes(request.target))}"')
    else:
        words += ["--request-target", shlex.quote(request.target), f'"{address}"']
    for (name, value), (_, filled) in zip(step.headers, request.headers, strict=True):
        words += ["-H", header_word(name, value, filled, secret)]
    if step.chunked:
        words += ["-H", "'Transfer-Encoding: chunked'"]
    if request.body is not None:
        words += ["--data-binary", shorten(quote(request.body))]
    return " ".join(words)


def header_word(name: str, value: str, filled: str, secret: str) -> str:
    variables = {step for step, path in find_references(value) if path == secret}
    if variables:
        for step in variables:
            value = value.replace(mark(step + secret), f"$TOKEN_{step}")
        return f'"{name}: {value}"'
    # curl leaves out a header without a value, unless it ends with a semicolon.
    return quote(f"{name}: {filled}".encode("latin-1") if filled else f"{name};".encode())


def escape_in_quotes(text: str) -> str:
    return "".join(f"\\{letter}" if letter in '\\"$`' else letter for letter in text)


def quote(data: bytes) -> str:
    """For a shell: unchanged if it is printable, otherwise with the escapes of bash."""
    text = data.decode(errors="surrogateescape")
    if text.isprintable():
        return shlex.quote(text)
    return f"$'{''.join(map(escape_letter, text))}'"


def escape_letter(letter: str) -> str:
    if letter.isprintable() and letter not in "'\\":
        return letter
    return "".join(f"\\x{byte:02x}" for byte in letter.encode(errors="surrogateescape"))


def shorten(word: str) -> str:
    half = MAX_WORD // 2
    if len(word) <= MAX_WORD:
        return word
    return f"{word[:half]}…{len(word) - MAX_WORD} more…{word[-half:]}"
