"""A difference for reading: the story as curl lines, and the answers side by side."""

import shlex

from rich.markup import escape

from compare.prove.parity.play import Difference
from compare.prove.parity.stories import MARK, REFERENCE, Request, Step, fill, references
from compare.run.columns import side_by_side
from compare.run.terminal import out

LONGEST_LINE = 1000
TOKEN = ".user.token"


def show(difference: Difference) -> None:
    """Print the story and how it ends."""
    for line in curl_lines(difference):
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


def curl_lines(difference: Difference) -> list[str]:
    """What plays the story by hand, against the app at `$APP`."""
    steps = difference.story.steps
    wanted = {name for step in steps for name in references(step)}
    return [
        curl_line(step, request, keeps_token=step.name in wanted)
        for step, request in zip(steps, difference.requests, strict=True)
    ]


def curl_line(step: Step, request: Request, *, keeps_token: bool) -> str:
    """One step; a token that is needed later goes into the variable `TOKEN_<name of the step>`."""
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
        words.append(f'"{address}{shorten(inside_quotes(request.target))}"')
    else:
        words += ["--request-target", shlex.quote(request.target), f'"{address}"']
    for (name, value), (_, filled) in zip(step.headers, request.headers, strict=True):
        words += ["-H", header(name, value, filled)]
    if step.chunked:
        words += ["-H", "'Transfer-Encoding: chunked'"]
    if request.body is not None:
        words += ["--data-binary", shorten(quote(request.body))]
    line = " ".join(words)
    if keeps_token and step.target.startswith("/api/user"):
        line = f"TOKEN_{step.name}=$({line.replace('curl -i', 'curl -s')} | jq -r {TOKEN})"
    return line


def header(name: str, value: str, filled: str) -> str:
    tokens = {
        reference[1]
        for content in MARK.findall(value)
        if (reference := REFERENCE.fullmatch(content)) and reference[2] == TOKEN
    }
    if tokens:
        value = fill(value, {name: {"user": {"token": f"$TOKEN_{name}"}} for name in tokens})
        return f'"{name}: {value}"'
    # curl leaves out a header without a value, unless it ends so.
    return quote(f"{name}: {filled}".encode("latin-1") if filled else f"{name};".encode())


def inside_quotes(text: str) -> str:
    return "".join(f"\\{letter}" if letter in '\\"$`' else letter for letter in text)


def quote(data: bytes) -> str:
    """For a shell: as it is where that can be read, else with escapes that bash knows."""
    text = data.decode(errors="surrogateescape")
    if text.isprintable():
        return shlex.quote(text)
    return f"$'{''.join(map(escape_letter, text))}'"


def escape_letter(letter: str) -> str:
    if letter.isprintable() and letter not in "'\\":
        return letter
    return "".join(f"\\x{byte:02x}" for byte in letter.encode(errors="surrogateescape"))


def shorten(word: str) -> str:
    half = LONGEST_LINE // 2
    if len(word) <= LONGEST_LINE:
        return word
    return f"{word[:half]}…{len(word) - LONGEST_LINE} more…{word[-half:]}"
