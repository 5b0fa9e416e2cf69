"""Bundles in; results, JUnit and coverage out; completeness proved."""
