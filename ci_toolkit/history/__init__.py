"""Durations and outcomes of past runs."""
