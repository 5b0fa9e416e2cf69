"""Keeps the servers of a session alive, and leaves nothing of them behind."""
