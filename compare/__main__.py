"""Run by the launcher: `python -m compare COMMAND …`."""

# `signal` itself imports other modules first, and Ctrl-C in them would be a traceback.
import _signal as signal  # type: ignore[import-not-found]

# Until the command runs, Ctrl-C ends the process at once, and not with a traceback of an import.
if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.SIG_DFL)

from compare.cli import main  # noqa: E402

main()
