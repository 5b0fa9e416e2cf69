"""The sessions of ci-toolkit's own development."""
