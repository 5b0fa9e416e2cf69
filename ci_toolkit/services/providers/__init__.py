"""Providers run servers: external ones are found, native ones are child processes, Docker's are containers."""
