"""Measure the resources that each app needs."""
