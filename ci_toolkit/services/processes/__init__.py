"""Programs and processes of this machine: found, started, told apart, logged, ended."""
