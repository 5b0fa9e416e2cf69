"""Brings ci-toolkit into a repository: reads what is there, renders what is missing, and writes it in one place."""
