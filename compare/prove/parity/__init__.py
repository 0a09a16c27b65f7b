"""`parity`: random stories of requests, sent to all three apps until one answers differently."""

from compare.prove.parity.command import parity as parity
