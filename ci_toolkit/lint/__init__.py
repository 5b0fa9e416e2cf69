"""The guide's forbidden patterns as rules with codes."""
