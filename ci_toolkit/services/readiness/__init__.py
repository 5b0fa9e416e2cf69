"""Asks servers in their own protocols whether they result, and waits until they do."""
