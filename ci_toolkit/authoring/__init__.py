"""Writes a new test from the guide's template, and the catalogue and picture of the suite."""
