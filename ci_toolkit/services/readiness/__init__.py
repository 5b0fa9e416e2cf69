"""Asks servers in their own protocols whether they answer, and waits until they do."""
