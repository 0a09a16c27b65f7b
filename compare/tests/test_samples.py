"""The samples of output in the README."""

from compare.read.samples import README, SAMPLE, update

TEXT = """\
Before.

<!-- sample: 80 columns, 2 lines -->
```console
$ ./triptych diff "a b"
old
```

```console
$ ./triptych up
by hand
```
"""


def printed(arguments: str, columns: int) -> str:
    return f"\n{arguments} {columns}  \nsecond\nthird\n"


def test_samples_are_updated() -> None:
    """A sample is its command's output, cut to its number of lines; other blocks are unchanged."""
    new = update(TEXT, printed)
    assert '$ ./triptych diff "a b"\ndiff "a b" 80\nsecond\n…\n```\n' in new
    assert "by hand" in new
    assert update(new, printed) == new


def test_short_output_is_not_cut() -> None:
    """Output of as many lines as are asked for has no ellipsis."""
    assert "\none\ntwo\n```" in update(TEXT, lambda arguments, columns: "one\ntwo\n")


def test_the_readme_has_samples() -> None:
    """The script finds every mark in the README."""
    text = README.read_text("utf-8")
    assert len(SAMPLE.findall(text)) == text.count("<!-- sample:") > 0
