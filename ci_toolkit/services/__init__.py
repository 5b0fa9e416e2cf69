"""Real services on one table of ports: ``stack.py`` starts them or attaches to them; the sub-rooms do the work."""
