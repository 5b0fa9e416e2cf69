"""Netra: agents that find what a company can save."""
