"""Reads compose files: what their services are, where each word of it stands, and what could not be understood."""
