"""`mutants`: one thing in an app changed at a time, to see whether the suite takes notice."""

from compare.prove.mutants.command import mutants as mutants
