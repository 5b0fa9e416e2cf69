"""Servers as child processes, from the programs of this machine or of a wheel."""
