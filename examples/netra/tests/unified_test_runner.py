"""The guide's unified test runner: takes the options of `ci-toolkit run`."""

from ci_toolkit.unified_test_runner import main

if __name__ == "__main__":
    main()
