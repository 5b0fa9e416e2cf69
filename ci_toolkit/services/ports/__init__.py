"""Leases of ports, and who listens on a port that is taken."""
