"""Fixtures for real services."""
