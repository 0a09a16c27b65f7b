"""Run by the launcher: `python -m compare COMMAND …`."""

from compare.cli import main

main()
