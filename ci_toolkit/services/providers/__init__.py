"""Providers: who runs a server. External ones are found, native ones are child processes, docker ones containers."""
