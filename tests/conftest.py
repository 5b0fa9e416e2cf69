"""What holds for every test of this repository."""

import signal

import pytest
from hypothesis import HealthCheck, settings

# A busy machine must not fail a test: no property has a time limit for one example, none is too slow to generate.
settings.register_profile("ci-toolkit", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("ci-toolkit")

# Programs that tests interrupt would inherit that Ctrl-C is ignored, as it is in what a shell starts in the background.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--provider",
        choices=["native", "docker"],
        default="native",
        help="who runs the servers on which tests of isolation leave each kind of state",
    )
