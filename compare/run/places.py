"""Places in Markdown that a command fills: `<!-- kind: words -->…<!-- end -->`."""

import re
from collections.abc import Callable, Mapping

from compare.run.terminal import Failed


def fill_places(text: str, kinds: Mapping[str, Callable[[str], str]]) -> str:
    """The text with each place filled by the function of its kind; other kinds are unchanged.

    Raises `Failed` if a place has no end.
    """
    start = rf"<!-- (?P<kind>{'|'.join(kinds)}): (?P<words>[^>\n]+) -->\n?"
    # A place whose end is missing does not reach into the next one.
    places = re.compile(rf"(?P<start>{start})(?:(?!<!--).)*(?=<!-- end -->)", re.DOTALL)
    filled, number = places.subn(
        lambda found: found["start"] + kinds[found["kind"]](found["words"]), text
    )
    if number != len(re.findall(start, text)):
        raise Failed("a place to fill has lost its mark <!-- end -->")
    return filled
