"""Containers through the engine's own SDK; the only room that imports it."""
