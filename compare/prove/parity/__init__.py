"""`parity`: random stories told to all three apps, until one of them answers otherwise."""

from compare.prove.parity.command import parity as parity
