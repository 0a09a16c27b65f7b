"""`mutants`: changes one thing in an app at a time, to see whether the suite detects it."""

from compare.prove.mutants.command import mutants as mutants
