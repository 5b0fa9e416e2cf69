"""Makes ``python -m ci_toolkit`` the same program as ``ci-toolkit``."""

from ci_toolkit.cli.main import entry_point

if __name__ == "__main__":
    entry_point()
