"""The command line: parses, wires the rooms together, prints, and returns an exit code."""
