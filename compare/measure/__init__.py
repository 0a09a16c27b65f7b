"""Measure what each app costs."""
