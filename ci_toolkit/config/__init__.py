"""What a project's ``pyproject.toml`` says: where its root is, its categories of tests, its modes of running."""
