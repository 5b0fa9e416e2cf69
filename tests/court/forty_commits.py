"""Forty commits of one repository, with tests of the twelve known kinds, and what the court must say of each."""

from collections.abc import Mapping
from typing import NamedTuple

Judged = tuple[str, bool]
"""The kind of a failure, and whether it is excused."""

FLAKY: Judged = ("flaky", True)
KNOWN: Judged = ("known", True)
ORDER: Judged = ("order-dependent", True)
ENVIRONMENT: Judged = ("environment", True)
REGRESSION: Judged = ("regression", False)
NEW: Judged = ("new failure", False)
OUTAGE: Judged = ("outage", False)

HELPER = """
import os
from pathlib import Path

OUTSIDE = Path(os.environ["OUTSIDE"])


def is_so(what):
    return (OUTSIDE / what).exists()


def is_so_once(what):
    found = is_so(what)
    (OUTSIDE / what).unlink(missing_ok=True)
    return found


def answer():
    return 42
"""

STEADY = """
from helper import answer


def test_steady():
    assert answer() == 42
"""

RANDOM = """
from helper import answer, is_so_once


def test_random():
    assert not is_so_once("dice")
    assert answer() == 42


def test_slow_machine():
    took = 9.0 if is_so_once("slow") else 0.1
    assert took < 1.0
"""

ORDERS = """
import socket

import pytest
from helper import is_so

LEFT = {}


def test_leaves_state():
    if is_so("polluted"):
        LEFT["state"] = 1


def test_leaves_port_open():
    if is_so("port"):
        LEFT["socket"] = server = socket.create_server(("127.0.0.1", 0))
        LEFT["port"] = server.getsockname()[1]


def test_leaves_files_open():
    if is_so("resources"):
        LEFT["files"] = [open(__file__) for _ in range(20)]


def test_order_victim():
    assert "state" not in LEFT


def test_port_clash():
    with socket.create_server(("127.0.0.1", LEFT.get("port", 0))):
        pass


def test_resource():
    assert not LEFT.get("files"), "too many open files"


@pytest.fixture
def tidy():
    yield
    LEFT.pop("row", None)


def test_leaves_a_row():
    if is_so("row"):
        LEFT["row"] = 1


def test_tidies_up(tidy):
    assert "row" not in LEFT


def test_sets_up():
    LEFT["ready"] = 1


def test_brittle():
    assert "ready" in LEFT or not is_so("strict")
"""

WORLD = """
from helper import is_so


def test_time_of_day():
    hour = 23 if is_so("late") else 12
    assert hour < 22


def test_leaked_file():
    assert not is_so("leaked")
"""

SERVICE = """
import pytest
from helper import is_so


def ask():
    if is_so("outage"):
        raise ConnectionError("the service does not answer")
    return 200


@pytest.mark.parametrize("number", range(14))
def test_service(number):
    assert ask() == 200
"""

FORTY = """
import pytest
from helper import answer


@pytest.mark.parametrize("number", range(40))
def test_many(number):
    assert answer() == 42
"""

FILES = {
    "src/helper.py": HELPER,
    "tests/test_steady.py": STEADY,
    "tests/test_random.py": RANDOM,
    "tests/test_orders.py": ORDERS,
    "tests/test_world.py": WORLD,
    "tests/test_service.py": SERVICE,
    "tests/test_forty.py": FORTY,
}


class Commit(NamedTuple):
    """A change, what the world is like while it runs, and what is to be said of its failures."""

    what: str
    world: tuple[str, ...] = ()
    change: Mapping[str, str] = {}
    expected: Mapping[str, Judged] = {}
    exit_code: int = 0
    most_trials: int | None = None
    """What the shards try at most when the tests have ended; None is as much as it takes."""


def quiet(number: int) -> Commit:
    return Commit(f"a quiet change {number}", change={"notes.txt": f"{number}\n"})


BROKEN_HELPER = {"src/helper.py": HELPER.replace("return 42", "raise RuntimeError('broken')")}
BROKEN_RANDOM = {"tests/test_random.py": RANDOM.replace("assert answer() == 42", "assert answer() == 43")}
NEW_TEST = {"tests/test_new.py": "from helper import answer\n\n\ndef test_new():\n    assert answer() == 7\n"}
NEW_ROW = {"tests/test_orders.py": ORDERS.replace('if is_so("row"):', "if True:")}
NEW_POLLUTER = {"tests/test_orders.py": ORDERS.replace('if is_so("polluted"):', "if True:")}
_SETS_UP = 'def test_sets_up():\n    LEFT["ready"] = 1\n\n\n'
MOVED_SETTER = {"tests/test_orders.py": f"{ORDERS.replace(_SETS_UP, '')}\n\n{_SETS_UP.rstrip()}\n"}

KINDS = (
    Commit("a random failure", ("dice",), expected={"test_random": FLAKY}),
    Commit("a machine that was slow once", ("slow",), expected={"test_slow_machine": FLAKY}),
    # It is known of the test, which the shards know too: four tries alone, for nobody knows what the change touches.
    Commit("the same random failure", ("dice",), expected={"test_random": KNOWN}, most_trials=4),
    Commit("a victim of the order", ("polluted",), expected={"test_order_victim": ORDER}),
    Commit("a port that another test left open", ("port",), expected={"test_port_clash": ORDER}),
    Commit("files that another test left open", ("resources",), expected={"test_resource": ORDER}),
    Commit(
        "a real regression on a flaky test", change=BROKEN_RANDOM, expected={"test_random": REGRESSION}, exit_code=1
    ),
    Commit("a new failure", change=NEW_TEST, expected={"test_new": NEW}, exit_code=1),
    Commit("a new polluter", change=NEW_POLLUTER, expected={"test_order_victim": REGRESSION}, exit_code=1),
    Commit(
        "a brittle test whose setter now runs after it",
        ("strict",),
        MOVED_SETTER,
        {"test_brittle": NEW},
        exit_code=1,
    ),
    Commit("a late hour, and sources that have passed", ("late",), expected={"test_time_of_day": ENVIRONMENT}),
    Commit(
        "a file that somebody left, and sources that nobody has run",
        ("leaked",),
        {"notes.txt": "a change\n"},
        {"test_leaked_file": NEW},
        exit_code=1,
    ),
    Commit(
        "an outage of a service",
        ("outage",),
        expected={f"test_service[{number}]": OUTAGE for number in range(14)},
        exit_code=1,
    ),
    Commit(
        "a broken helper",
        change=BROKEN_HELPER,
        expected={f"test_many[{number}]": REGRESSION for number in range(40)}
        | {"test_steady": REGRESSION, "test_random": REGRESSION},
        exit_code=1,
    ),
    Commit("the slow machine again", ("slow",), expected={"test_slow_machine": KNOWN}),
    Commit("two flakes at once", ("dice", "slow"), expected={"test_random": KNOWN, "test_slow_machine": KNOWN}),
    Commit(
        "a flake beside a new failure",
        ("dice",),
        NEW_TEST,
        {"test_random": KNOWN, "test_new": NEW},
        exit_code=1,
    ),
    Commit("the victim again", ("polluted",), expected={"test_order_victim": ORDER}),
    Commit(
        "a new polluter whose victim tidies up, and passes at once",
        change=NEW_ROW,
        expected={"test_tidies_up": REGRESSION},
        exit_code=1,
    ),
    Commit("a victim that tidies up, and passes at once", ("row",), expected={"test_tidies_up": ORDER}),
)
QUIET = 20
COMMITS = tuple(commit for number in range(1, QUIET + 1) for commit in (quiet(number), *KINDS[number - 1 : number]))
