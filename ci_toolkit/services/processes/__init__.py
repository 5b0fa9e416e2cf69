"""Programs and processes of this machine: found, started, identified, logged, ended."""
