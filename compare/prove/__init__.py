"""Commands that test whether the apps behave the same."""
