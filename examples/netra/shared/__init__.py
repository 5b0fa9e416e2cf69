"""What every service of Netra does in one way: it has no service of its own, and imports none."""
