"""`parity`: random stories of requests, sent to all three apps until a response differs."""

from compare.prove.parity.command import parity as parity
