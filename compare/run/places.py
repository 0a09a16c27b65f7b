"""Places in Markdown that a command fills: `<!-- kind: words -->…<!-- end -->`."""

import re
from collections.abc import Callable, Mapping


def fill_places(text: str, kinds: Mapping[str, Callable[[str], str]]) -> str:
    """The text with what its kind makes of the words in each place; other kinds stay."""
    start = rf"<!-- (?P<kind>{'|'.join(kinds)}): (?P<words>[^>\n]+) -->\n?"
    # A place whose end is missing does not reach into the next one.
    places = re.compile(rf"(?P<start>{start})(?:(?!<!--).)*(?=<!-- end -->)", re.DOTALL)
    return places.sub(lambda found: found["start"] + kinds[found["kind"]](found["words"]), text)
