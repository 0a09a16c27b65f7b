"""What the tests use: a client, users, servers.

The harness knows an app only as a folder with commands (`apps.py`).
"""

from .client import Client
from .exchanges import Answer
from .people import Person, comment_on, register, unique, write_article
from .rules import pinned, rule
from .wire import Wire

__all__ = [
    "Answer",
    "Client",
    "Person",
    "Wire",
    "comment_on",
    "pinned",
    "register",
    "rule",
    "unique",
    "write_article",
]
