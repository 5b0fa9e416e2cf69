"""Real services on one table of ports: providers, readiness, leases, snapshots."""
