"""A real language model for tests."""
