"""Parts of benchmarks/planning.py."""
