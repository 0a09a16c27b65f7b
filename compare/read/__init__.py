"""Commands that compare the source of the apps."""
