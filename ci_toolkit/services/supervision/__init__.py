"""Keeps the servers of a session running for as long as their owner, and removes all that they leave."""
