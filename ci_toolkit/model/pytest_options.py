"""Options of pytest with which no test runs."""

RUNS_NO_TEST = (
    "--collect-only",
    "--collectonly",
    "--co",
    "--setup-only",
    "--setuponly",
    "--setup-plan",
    "--setupplan",
    "--fixtures",
    "--funcargs",
    "--fixtures-per-test",
    "--markers",
    "--cache-show",
    "--help",
    "-h",
    "--version",
    "-V",
)
"""Those that show something of the suite instead."""
