"""A database of its own for each worker, brought back to the template's exact content after each test."""
