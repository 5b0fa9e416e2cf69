"""Gives each worker databases of its own, and restores them to the template's exact content after each test."""
