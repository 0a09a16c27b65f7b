"""Prove that the apps are the same."""
