"""Fixtures for the environment of a test."""
