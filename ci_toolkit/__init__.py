"""Plans, runs, merges and judges a pytest suite over many machines."""

__version__ = "0.1.0"
