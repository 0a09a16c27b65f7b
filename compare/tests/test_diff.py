"""What `diff` prints, in terminals of every width, and in a pipe."""

import re
from collections.abc import Sequence
from io import StringIO
from typing import Literal

import pytest
from rich.cells import cell_len
from rich.console import Console

from compare.read.chains import LAYERS
from compare.read.comparison import (
    COUNTERPARTS,
    compare_file,
    compare_layer,
    compare_operation,
    compare_topic,
)
from compare.read.diff import list_operations, sizes, unified
from compare.read.panes import Panes, coloured, fold
from compare.run.apps import APPS, FASTAPI, FLASK, ROOT, App
from compare.run.contract import read_operations
from compare.run.pieces import find
from compare.run.terminal import out

OPERATION = "create_article_comment"
UNDERLINED, DIM = re.compile(r"\x1b\[1;4[\d;]*m(\w+)"), "\x1b[2m"


def printed(
    width: int, apps: Sequence[App] = APPS, *, full: bool = False, terminal: bool = False
) -> list[str]:
    """The lines that a terminal of that width shows, or a pipe."""
    colours: Literal["standard"] | None = "standard" if terminal else None
    console = Console(file=StringIO(), width=width, force_terminal=terminal, color_system=colours)
    console.print(Panes(compare_operation(OPERATION, apps), full=full))
    assert isinstance(console.file, StringIO)
    return console.file.getvalue().splitlines()


@pytest.mark.parametrize(("width", "columns"), [(40, 1), (99, 1), (100, 2), (149, 2), (150, 3)])
def test_columns(width: int, columns: int) -> None:
    """Three columns where the terminal is wide, two or one where it is not."""
    handlers = [line for line in printed(width) if "comments/api.py" in line]
    assert max(line.count("comments/api.py") for line in handlers) == columns
    titles = " ".join(handlers)
    assert all(app.title in titles for app in APPS)


@pytest.mark.parametrize("width", [40, 80, 120, 150, 200])
def test_width(width: int) -> None:
    """No line is longer than the terminal is wide."""
    lines = [*printed(width), *printed(width, full=True)]
    assert max(map(cell_len, lines)) <= width


def test_all_of_the_code() -> None:
    """However it is wrapped, all of the code is there."""
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
    assert UNDERLINED.findall(call) == ["await"]


def test_equal_lines_are_dimmed() -> None:
    """A line that is equal in all is dimmed, and has no sign before it."""
    lines = printed(120, [FLASK, FASTAPI], terminal=True)
    docstring = next(line for line in lines if '"""Comment on an article"""' in line)
    assert DIM + '"""Comment on an article"""' in docstring
    assert "≠" not in docstring


def test_equal_pieces_are_folded() -> None:
    """Pieces that are equal in all are named, and shown when asked for."""
    assert not any("class NewComment(Schema):" in line for line in printed(150))
    assert any("NewCommentRequest, Schema" in line for line in printed(150))
    assert sum("class NewComment(Schema):" in line for line in printed(150, full=True)) == 1


@pytest.mark.parametrize("width", [80, 120])
def test_a_piece_of_one_app(width: int) -> None:
    """Each line of a piece that one app alone has is marked as such."""
    lines = printed(width, [FLASK, FASTAPI])
    assert any(line.startswith("+class ArticlePath(") for line in lines)


def test_pipe() -> None:
    """In a pipe there are no colours, and the sign tells which lines differ."""
    lines = printed(120, [FLASK, FASTAPI])
    assert not any("\x1b" in line for line in lines)
    assert any(line.startswith("≠@bp.post(") for line in lines)


def test_colours_lose_nothing() -> None:
    """The coloured runs of a text are the text."""
    for app in APPS:
        for path in sorted((app.folder / "conduit").rglob("*.py")):
            text = path.read_text("utf-8")
            lines = ["".join(part for part, _ in runs) for runs in coloured(text)]
            assert lines == text.splitlines()


def test_fold() -> None:
    """A line is broken after a comma or a bracket, and goes on further in."""
    (runs,) = coloured("    answer = services.create(session, slug=slug, author=user)\n")
    lines = ["".join(part for part, _ in line) for line in fold(list(runs), 40)]
    assert lines == ["    answer = services.create(session, ", "        slug=slug, author=user)"]


def test_fold_of_a_long_word() -> None:
    """A word that is longer than a line is broken where the line ends."""
    (runs,) = coloured(f"x = {'a' * 30}\n")
    lines = ["".join(part for part, _ in line) for line in fold(list(runs), 12)]
    assert max(map(len, lines)) <= 12
    assert "".join(line.strip() for line in lines).replace(" ", "") == f"x={'a' * 30}"


def test_plain() -> None:
    """A unified diff counts its lines from the top of the files, so that they are found there."""
    lines = list(unified(compare_operation(OPERATION, [FLASK, FASTAPI])))
    text = [line.rstrip("\n") for line in lines]
    assert text[0] == "--- flask_app/conduit/comments/api.py"
    assert text[1] == "+++ fastapi_app/conduit/comments/api.py"
    files: dict[str, str] = {}
    numbers: dict[str, int] = {}
    for line in text:
        if line.startswith(("--- ", "+++ ")):
            files[line[0]] = line[4:]
        elif found := re.match(r"@@ -(\d+)\S* \+(\d+)\S* @@ \S+$", line):
            numbers = {"-": int(found[1]), "+": int(found[2])}
        else:
            for side in "-+" if line[0] == " " else line[0]:
                source = (ROOT / files[side]).read_text("utf-8").splitlines()
                assert source[numbers[side] - 1].strip() == line[1:].strip()
                numbers[side] += 1


def test_list() -> None:
    """The list has every operation, with the lines of each app, and how alike they are."""
    with out.capture() as capture:
        list_operations(APPS)
    shown = capture.get()
    for operation in read_operations():
        assert re.search(rf"{operation.name}( +\d+){{3}} +\d+/\d+/\d+ +\d+%", shown)


def test_alike() -> None:
    """What is equal is wholly alike; Flask and FastAPI are more alike than all three."""
    assert compare_file("articles/slugs.py", APPS).alike == 1
    two = compare_operation(OPERATION, [FLASK, FASTAPI])
    assert 0.2 < compare_operation(OPERATION, APPS).alike < two.alike < 1


def test_lines_of_the_contract() -> None:
    """They are counted apart, and say nothing of how alike the apps are."""
    found = compare_operation(OPERATION, APPS)
    contract = next(layer for layer in LAYERS if layer.name == "contract")
    alone = compare_operation(OPERATION, APPS, contract)
    assert found.contract_lines == alone.lines
    every_line = [
        sum(piece.text.count("\n") for row in found.rows if (piece := row.pieces[number]))
        for number in range(len(APPS))
    ]
    sums = zip(found.lines, found.contract_lines, strict=True)
    assert every_line == [ours + theirs for ours, theirs in sums]
    assert alone.contract_lines == [0, 0, 0]
    assert any(" of the contract" in line for line in printed(150))


def test_layer() -> None:
    """A layer is shown alone: of one operation, or of all."""
    queries = next(layer for layer in LAYERS if layer.name == "queries")
    one = compare_operation(OPERATION, APPS, queries)
    every = compare_layer(queries, APPS)
    assert [section.layer for section in one.sections] == [queries]
    assert set(one.rows[0].names) <= {name for row in every.rows for name in row.names}
    assert len(every.rows) > len(one.rows)


def test_file() -> None:
    """A file is compared by what it defines, and every line of it is there."""
    found = compare_file("comments/services.py", APPS)
    assert ["imports"] in [row.names for row in found.rows]
    for app, lines in zip(APPS, found.lines, strict=True):
        source = (app.folder / "conduit/comments/services.py").read_text("utf-8")
        blank = source.count("\n\n\n") * 2
        assert source.count("\n") - blank - 8 <= lines <= source.count("\n")


def test_topic() -> None:
    """A topic shows the pieces of its text."""
    found = compare_topic("errors", APPS)
    assert found.title == "Errors"
    assert ["register", "HANDLERS"] in [row.names for row in found.rows]


def test_counterparts() -> None:
    """Each of the names that are matched by hand is in some app."""
    names = {
        piece.name.rpartition(".")[2]
        for operation in read_operations()
        for row in compare_operation(operation.name, APPS).rows
        for piece in filter(None, row.pieces)
    }
    assert COUNTERPARTS.keys() <= names
    assert find("conduit/comments/api.py::router", FASTAPI.folder)


def test_list_as_data() -> None:
    """The list of operations as data has the sizes that the chains have."""
    listed = {each["operation"]: each for each in sizes([FLASK, FASTAPI])}
    assert list(listed) == [operation.name for operation in read_operations()]
    found = compare_operation(OPERATION, [FLASK, FASTAPI])
    assert listed[OPERATION]["apps"] == {
        app.name: {"lines": lines, "contractLines": contract, "pieces": pieces}
        for app, lines, contract, pieces in zip(
            (FLASK, FASTAPI), found.lines, found.contract_lines, found.pieces, strict=True
        )
    }
