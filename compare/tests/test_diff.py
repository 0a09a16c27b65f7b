"""What `diff` prints, in terminals of every width, and in a pipe."""

import os
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cache
from io import StringIO
from itertools import combinations
from pathlib import Path
from typing import Literal

import pytest
import typer
from rich.cells import cell_len
from rich.console import Console

from compare.read.comparison import (
    Comparison,
    Row,
    Section,
    compare_file,
    compare_layers,
    compare_operation,
    compare_topic,
    of_operation,
)
from compare.read.diff import choose, diff, list_operations, sizes, unified
from compare.read.panes import Panes, colored, fold
from compare.run.apps import APPS, FASTAPI, FLASK, ROOT, App
from compare.run.contract import read_operations
from compare.run.layers import BY_NAME, CONTRACT, ERRORS
from compare.run.pieces import Piece
from compare.run.terminal import out

OPERATION = "create_article_comment"
UNDERLINED, DIM = re.compile(r"\x1b\[1;4[\d;]*m(\w+)"), "\x1b[2m"


def printed(
    width: int, apps: Sequence[App] = APPS, *, full: bool = False, terminal: bool = False
) -> list[str]:
    """The lines that a terminal of that width shows, or a pipe."""
    return shown(compare_operation(OPERATION, apps), width, full=full, terminal=terminal)


def shown(
    comparison: Comparison, width: int, *, full: bool = False, terminal: bool = False
) -> list[str]:
    colors: Literal["standard"] | None = "standard" if terminal else None
    console = Console(file=StringIO(), width=width, force_terminal=terminal, color_system=colors)
    console.print(Panes(comparison, full=full))
    assert isinstance(console.file, StringIO)
    return console.file.getvalue().splitlines()


@pytest.mark.parametrize(("width", "columns"), [(40, 1), (99, 1), (100, 2), (159, 2), (160, 3)])
def test_columns(width: int, columns: int) -> None:
    """Three columns where the terminal is wide, two or one where it is not."""
    handlers = [line for line in printed(width) if "comments/api.py" in line]
    assert max(line.count("comments/api.py") for line in handlers) == columns
    titles = " ".join(handlers)
    assert all(app.title in titles for app in APPS)


@pytest.mark.parametrize("width", [40, 80, 120, 160, 200])
def test_width(width: int) -> None:
    """No line is longer than the terminal is wide."""
    lines = [*printed(width), *printed(width, full=True)]
    assert max(map(cell_len, lines)) <= width


def test_all_of_the_code() -> None:
    """All of the code is shown, even if lines are wrapped."""
    text = "".join("".join(line[1:] for line in printed(60, full=True)).split())
    for section in compare_operation(OPERATION, APPS).sections:
        for row in section.rows:
            for piece in filter(None, row.pieces):
                first = "".join(piece.text.splitlines()[-1].split())
                assert first in text


def test_marked_words() -> None:
    """The words in which lines differ are underlined, and no others."""
    lines = printed(120, [FLASK, FASTAPI], terminal=True)
    call = next(line for line in lines if "article = " in line and "for_change(" in line)
    assert UNDERLINED.findall(call) == ["await", "session"]


def test_equal_lines_are_dimmed() -> None:
    """A line that is equal in all apps is dimmed, and has no sign before it."""
    lines = printed(120, [FLASK, FASTAPI], terminal=True)
    docstring = next(line for line in lines if '"""Comment on an article"""' in line)
    assert DIM + '    """Comment on an article"""' in docstring
    assert "≠" not in docstring


def test_equal_pieces_are_folded() -> None:
    """Pieces that are equal in all apps are only named, and shown with `--full`."""
    assert not any("class NewComment(Schema):" in line for line in printed(160))
    assert any("NewCommentRequest, Schema" in line for line in printed(160))
    assert sum("class NewComment(Schema):" in line for line in printed(160, full=True)) == 1


@pytest.mark.parametrize("width", [80, 120])
def test_a_piece_of_one_app(width: int) -> None:
    """Each line of a piece that only one app has is marked as such."""
    lines = printed(width, [FLASK, FASTAPI])
    assert any(line.startswith("+class ArticlePath(") for line in lines)


def test_pipe() -> None:
    """In a pipe there are no colors, and a sign shows which lines differ."""
    lines = printed(120, [FLASK, FASTAPI])
    assert not any("\x1b" in line for line in lines)
    assert any(line.startswith("≠@bp.post(") for line in lines)


def test_colors_keep_the_text() -> None:
    """The colored lines of a text are the text."""
    for app in APPS:
        for path in sorted((app.folder / "conduit").rglob("*.py")):
            text = path.read_text("utf-8")
            lines = [line.plain for line in colored(text)]
            assert lines == text.splitlines()


def test_fold() -> None:
    """A line is broken after a comma or a bracket, and goes on further in."""
    (line,) = colored("    answer = services.create(session, slug=slug, author=user)\n")
    lines = [part.plain for part in fold(line, 40)]
    assert lines == ["    answer = services.create(session, ", "        slug=slug, author=user)"]


def test_fold_of_a_long_word() -> None:
    """A word that is longer than a line is broken where the line ends."""
    (line,) = colored(f"x = {'a' * 30}\n")
    lines = [part.plain for part in fold(line, 12)]
    assert max(map(len, lines)) <= 12
    assert "".join(line.strip() for line in lines).replace(" ", "") == f"x={'a' * 30}"


@pytest.mark.parametrize(
    "apps", [*combinations(APPS, 2)], ids=lambda apps: "-".join(app.name for app in apps)
)
def test_plain(apps: Sequence[App]) -> None:
    """The line numbers of a unified diff are those of the files."""
    lines = [
        line for operation in read_operations() for line in unified(of_operation(operation, apps))
    ]
    assert lines
    files: dict[str, str] = {}
    numbers: dict[str, int] = {}
    left: dict[str, int] = {"-": 0, "+": 0}
    for line in lines:
        if line.startswith(("# ", "--- ", "+++ ", "@@ ")):
            assert left == {"-": 0, "+": 0}
        if line.startswith(("--- ", "+++ ")):
            files[line[0]] = line[4:].strip()
        elif found := HUNK.match(line):
            numbers = {"-": int(found[1]), "+": int(found[3])}
            left = {"-": int(found[2]), "+": int(found[4])}
        elif not line.startswith("# "):
            for side in "-+" if line[0] == " " else line[0]:
                assert source(files[side])[numbers[side] - 1].strip() == line[1:].strip()
                numbers[side] += 1
                left[side] -= 1


HUNK = re.compile(r"@@ -(\d+),(\d+) \+(\d+),(\d+) @@ \S+$")


@cache
def source(path: str) -> list[str]:
    return (ROOT / path).read_text("utf-8").splitlines()


WRAPPED = {
    "one.py": "def f(a, b):\n    g(a, b)\n    return a\n",
    "other.py": "def f(\n    a, b\n):\n    g(a, b)\n    return b\n",
}


def test_plain_marks_no_wrapping() -> None:
    """A statement that is only wrapped differently is not a change in a unified diff."""
    one, other = (Piece(Path(path), "f", 1, 3, text) for path, text in WRAPPED.items())
    lines = list(unified(Comparison("", [FLASK, FASTAPI], [Section("", [Row((one, other))])])))
    assert lines == [
        "--- flask_app/one.py\n",
        "+++ fastapi_app/other.py\n",
        "@@ -2,2 +4,2 @@ f\n",
        "     g(a, b)\n",
        "-    return a\n",
        "+    return b\n",
    ]


def test_list() -> None:
    """The list has every operation, with the lines of each app, and how alike they are."""
    with out.capture() as capture:
        list_operations(APPS)
    shown = capture.get()
    for operation in read_operations():
        assert re.search(rf"{operation.name}( +\d+){{3}} +\d+%", shown)


@pytest.mark.parametrize("width", [60, 40])
def test_narrow_list(width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a narrow terminal the names are wrapped, and no heading or number is cut."""
    monkeypatch.setattr(out, "_width", width)
    with out.capture() as capture:
        list_operations(APPS)
    shown = capture.get().partition("Lines of")[0]
    assert "…" not in shown
    assert all(len(line) <= width for line in shown.splitlines())
    for app in APPS:
        assert app.title in shown
    assert len(re.findall(r"(?: +\d+){3} +\d+% *$", shown, re.M)) == len(read_operations())


def test_alike() -> None:
    """Equal code is 100 % alike; Flask and FastAPI are more alike than all three."""
    assert compare_file("articles/slugs.py", APPS).size.alike == 1
    two = compare_operation(OPERATION, [FLASK, FASTAPI])
    assert 0.1 < compare_operation(OPERATION, APPS).size.alike < two.size.alike < 1


def test_size_is_without_what_is_shared() -> None:
    """Errors and contract are counted separately, and do not hide what differs."""
    found = compare_operation(OPERATION, APPS)
    own = [section for section in found.sections if section.layer not in (ERRORS, CONTRACT)]
    for number, lines in enumerate(found.size.lines):
        assert lines == sum(section.size.lines[number] for section in own)
    assert compare_operation(OPERATION, APPS, [CONTRACT]).size == found.sections[-1].size


def test_overview() -> None:
    """A table before the code has the lines of each app in each layer, and how alike they are."""
    lines = printed(160)
    first = next(number for number, line in enumerate(lines) if line.startswith(" Route and"))
    for section in compare_operation(OPERATION, APPS).sections:
        (row,) = [line for line in lines[:first] if line.startswith(f"  {section.title} ")]
        numbers = zip(section.size.lines, section.size.pieces, strict=True)
        assert [" / ".join(map(str, each)) for each in numbers] == re.findall(r"\d+ / \d+", row)
        assert row.rstrip().endswith(f"{section.size.alike:.0%}")
    assert any(line.startswith("--layer ") and "queries" in line for line in lines[:first])


@pytest.mark.parametrize(
    ("width", "apps", "said"), [(99, 2, True), (100, 2, False), (159, 3, True)]
)
def test_width_that_is_needed(width: int, apps: int, said: bool) -> None:
    """Only in a terminal that is too narrow, a line says how wide it must be."""
    found = [line for line in printed(width, APPS[:apps]) if "need a terminal of" in line]
    assert bool(found) == said
    assert all("Two columns" in line and "100" in line and "160" in line for line in found)


def test_sentences() -> None:
    """Above a pair is the sentence why it differs; an equal pair has no sentence."""
    text = " ".join(" ".join(printed(200)).split())
    rows = compare_operation(OPERATION, APPS).rows
    said = [row for row in rows if row.why]
    assert said
    for row in said:
        title = row.names[0] if row.equal else f"{row.why} "
        assert title in text


def test_layers() -> None:
    """The output can be limited to some layers, of one operation or of all."""
    layers = [BY_NAME["queries"], BY_NAME["models"]]
    one = compare_operation(OPERATION, APPS, layers)
    every = compare_layers(layers, APPS)
    assert [section.layer for section in one.sections] == layers
    assert [section.layer for section in every.sections] == layers
    assert set(one.rows) < set(every.rows)


def test_file() -> None:
    """A file is compared by what it defines, and every line of it is there."""
    found = compare_file("comments/services.py", APPS)
    assert ["imports"] in [row.names for row in found.rows]
    for app, lines in zip(APPS, found.size.lines, strict=True):
        source = (app.folder / "conduit/comments/services.py").read_text("utf-8")
        blank = source.count("\n\n\n") * 2
        assert source.count("\n") - blank - 8 <= lines <= source.count("\n")


def test_file_of_one_app() -> None:
    """A counterpart in another file is shown side by side too."""
    rows = compare_file("main.py", APPS).rows
    (row,) = [row for row in rows if "create_app" in row.names]
    assert [piece and str(piece.path) for piece in row.pieces][1:] == [
        "conduit/__init__.py",
        "conduit/main.py",
    ]


def test_topic() -> None:
    """A topic is shown with its text, and the pieces between the paragraphs."""
    found = compare_topic("errors", APPS)
    assert found.title == "Errors"
    assert ["register", "HANDLERS"] in [row.names for row in found.rows]
    text = " ".join(" ".join(shown(found, 80)).split())
    assert "When this matters to you" in text
    assert text.index("Where handlers are registered") < text.index("HANDLERS")


def test_list_as_data() -> None:
    """The list of operations as data has the same sizes as the comparisons."""
    listed = {each["operation"]: each for each in sizes([FLASK, FASTAPI])}
    assert list(listed) == [operation.name for operation in read_operations()]
    size = compare_operation(OPERATION, [FLASK, FASTAPI]).size
    assert listed[OPERATION]["apps"] == {
        app.name: {"lines": lines, "pieces": pieces}
        for app, lines, pieces in zip((FLASK, FASTAPI), size.lines, size.pieces, strict=True)
    }


@pytest.mark.parametrize(
    ("subject", "title"),
    [
        ("get_tags", "get_tags  GET /api/tags  Get the tags in use"),
        ("errors", "Errors"),
        ("comments/api.py", "conduit/comments/api.py"),
        ("conduit/comments/api.py", "conduit/comments/api.py"),
        ("tests/test_statements.py", "tests/test_statements.py"),
    ],
)
def test_subject(subject: str, title: str) -> None:
    """The subject is an operation, a topic or a file, found by its name."""
    found = choose(subject, APPS, [])
    assert found
    assert found.title == title


def in_terminal(command: Sequence[str], variables: Mapping[str, str]) -> str:
    """What the command prints to a terminal."""
    reader, writer = os.openpty()
    child = subprocess.Popen(
        [sys.executable, "-m", "compare", *command],
        cwd=ROOT,
        env={**os.environ, "TERM": "xterm", "COLUMNS": "100", **variables},
        stdin=subprocess.DEVNULL,
        stdout=writer,
        stderr=writer,
    )
    os.close(writer)
    parts = []
    with suppress(OSError):  # the end of a terminal that nobody writes to any more
        while part := os.read(reader, 65536):
            parts.append(part)
    os.close(reader)
    assert child.wait() == 1
    return b"".join(parts).decode()


DIFF = ("diff", "get_health", "--app", "flask", "--app", "fastapi")


def test_pager() -> None:
    """In a terminal, the diff is shown in the pager, with colors."""
    shown = in_terminal(DIFF, {"PAGER": "sed 's/^/paged: /'"}).splitlines()
    assert all(line.startswith("paged: ") for line in shown)
    assert "\x1b[" in shown[0]
    plain = in_terminal([*DIFF, "--plain"], {"PAGER": "sed 's/^/paged: /'"}).splitlines()
    assert plain[0].startswith("paged: ")
    assert all(line.startswith("paged: ") for line in plain)


def test_no_pager_in_a_pipe() -> None:
    """Output to a pipe does not use the pager, even if colors are forced."""
    variables = {"PAGER": "sed 's/^/paged: /'", "FORCE_COLOR": "1"}
    command = [sys.executable, "-m", "compare", *DIFF]
    shown = subprocess.run(command, cwd=ROOT, env=os.environ | variables, stdout=subprocess.PIPE)
    assert shown.stdout
    assert b"paged: " not in shown.stdout


def test_plain_text_is_unchanged(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Tabs and long lines are printed as they are in the file."""
    lines = ["+\ta = [red]\r\n", f"-{'x' * 300}\n", "+no newline"]
    monkeypatch.setattr("compare.read.diff.unified", lambda comparison: lines)
    with pytest.raises(typer.Exit):
        diff("get_health", plain=True)
    assert capsys.readouterr().out == "".join(lines)


@pytest.mark.parametrize(
    ("options", "pager"),
    [(["--no-pager"], "false"), ([], ""), ([], "/nonexistent/pager"), ([], '"')],
)
def test_no_pager(options: Sequence[str], pager: str) -> None:
    """Without a pager, by option or because there is none, the diff is printed."""
    shown = in_terminal([*DIFF, *options], {"PAGER": pager})
    assert "def get_health(" in re.sub(r"\x1b\[[\d;]*m", "", shown)
