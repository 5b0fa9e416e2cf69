import pytest

from ci_toolkit.model.journal import Failure
from ci_toolkit.model.signature import Signature, signature_of

TEST = "tests/test_orders.py::test_total"
LONG = """\
tmp_path = PosixPath('/tmp/pytest-of-ci/pytest-1968/test_b0')

    def test_total(tmp_path):
        order = Order(3)
>       assert order.total() == 4

tests/test_orders.py:13:
_ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _

self = <shop.orders.Order object at 0x7f38752cb210>

    def total(self):
>       return self.parse()

shop/orders.py:21:
_ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _
/usr/lib/python3.11/json/__init__.py:346: in loads
    return _default_decoder.decode(s)
E       ValueError: no price

shop/orders.py:30: ValueError
"""


def of(message: str, detail: str = "", test: str = TEST) -> Signature:
    return signature_of(Failure(message=message, detail=detail), test)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("<Order object at 0x7f38752cb210> is not ready", "<Order object at 0x55aa00112233> is not ready"),
        ("process 4711 died", "process 12 died"),
        ("worker pid=31 died", "worker pid=30999 died"),
        ("order 0d9f6a1e-33a1-4c6e-9a3b-2f6f2a1f0c11 is lost", "order 6b1d2c52-7a90-4f0e-8f3a-9d0a4b1c2d3e is lost"),
        ("order 0d9f6a1e33a14c6e9a3b2f6f2a1f0c11 is lost", "order 6b1d2c527a904f0e8f3a9d0a4b1c2d3e is lost"),
        ("cannot connect to localhost:5433", "cannot connect to localhost:61234"),
        ("('127.0.0.1', 40001) refused", "('127.0.0.1', 52713) refused"),
        ("late at 2026-11-26T18:30:01.123456", "late at 2027-01-02 03:04:05+00:00"),
        ("late at 18:30:01", "late at 03:04:05.678"),
        ("datetime.datetime(2026, 11, 26, 18, 30)", "datetime.datetime(2027, 1, 2, 3, 4)"),
        ("timed out after 1.5 seconds", "timed out after 12 seconds"),
        ("took 31 ms", "took 7ms"),
        ("assert 0.31 < 0.25", "assert 1e-05 < 0.3"),
        ("no file '/tmp/pytest-of-ci/pytest-3/test_b0/x.db'", "no file '/tmp/pytest-of-me/pytest-77/test_b0/x.db'"),
        ("no file '/var/folders/zz/abc/T/x.db'", "no file '/tmp/x'"),
        ("no file '/home/ci/work/shop/shop/data.csv'", "no file '/Users/me/shop/shop/data.csv'"),
        ("lost in gw0", "lost in gw11"),
        ("digest is deadbeef01", "digest is 01cafe5522"),
        ("row 1048576 is missing", "row 2097152 is missing"),
        ("assert {'alpha', 'beta'} == {'x'}", "assert {'beta', 'alpha'} == {'x'}"),
        ("AssertionError: assert 1 == 2", "assert 1 == 2"),
        ("assert 1 == 2\n  \n  more in CI", "assert 1 == 2"),
        ("\x1b[31massert 1 == 2\x1b[0m", "assert 1 == 2"),
        ("json.decoder.JSONDecodeError: bad", "json.JSONDecodeError: bad"),
        ("AttributeError: no attribute 'totl'. Did you mean: 'total'?", "AttributeError: no attribute 'totl'"),
        (
            "assert {'a': 1, 'b':...3, 'd': 4} == {}",
            "assert {'a': 1, 'b': 22222222222222222, 'c': 3, 'd': 4} == {}",
        ),
    ],
)
def test_what_differs_from_run_to_run_does_not_matter(one: str, other: str) -> None:
    assert of(one) == of(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ValueError: no price", "KeyError: no price"),
        ("ValueError: no price", "ValueError: no name"),
        ("assert 404 == 200", "assert 500 == 200"),
        ("assert 1 == 2", "assert 3 == 2"),
        ("assert 1 == 2", "assert 1 != 2"),
        ("assert 'a' in 'b'", "assert 'a' not in 'b'"),
        ("no file '/srv/shop/data.csv'", "no file '/srv/shop/names.csv'"),
        ("killed by SIGKILL", "killed by SIGSEGV"),
        ("KeyError: 'k'", "KeyError: 'v'"),
    ],
)
def test_different_faults_differ(one: str, other: str) -> None:
    assert of(one).digest != of(other).digest


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param(":13:", ":99:", id="moved test"),
        pytest.param(":30:", ":77:", id="moved source"),
        pytest.param("0x7f38752cb210", "0x7f0000000000", id="address"),
        pytest.param("pytest-1968", "pytest-2", id="temporary folder"),
        pytest.param(
            "/usr/lib/python3.11/json/__init__.py:346: in loads", "/opt/lib/python3.13/json/x.py:1: in y", id="Python"
        ),
        pytest.param("shop/orders.py", "/home/ci/checkout/shop/orders.py", id="absolute path"),
        pytest.param("E       ValueError", "                ^^^^^^^^^^^^\nE       ValueError", id="carets"),
        pytest.param("== 4\n", "== 4\n               ^^^^^^^^^^^^^\n", id="carets of the first frame"),
        pytest.param("        order = Order(3)\n", "        # a comment\n        order = Order(3)\n", id="comment"),
        pytest.param("ValueError", "\x1b[31mValueError\x1b[0m", id="colours"),
    ],
)
def test_a_traceback_may_look_otherwise(old: str, new: str) -> None:
    assert old in LONG

    assert of("ValueError: no price", LONG.replace(old, new)) == of("ValueError: no price", LONG)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param("return self.parse()", "return self.prices[0]", id="another line"),
        pytest.param("shop/orders.py:21", "shop/carts.py:21", id="another file"),
        pytest.param("order.total() == 4", "order.total() == 5", id="another assertion"),
        pytest.param("30: ValueError", "30: LookupError", id="another type"),
    ],
)
def test_another_way_to_the_failure_differs(old: str, new: str) -> None:
    assert old in LONG

    assert of("ValueError: no price", LONG.replace(old, new)).digest != of("ValueError: no price", LONG).digest


def test_every_style_of_traceback_names_the_same_frames() -> None:
    short = (
        "tests/test_orders.py:13: in test_total\n    assert order.total() == 4\n           ^^^^^^^^^^^^^\n"
        "shop/orders.py:21: in total\n    return self.parse()\n"
    )
    native = (
        'Traceback (most recent call last):\n  File "/w/lib/python3.11/site-packages/_pytest/runner.py", line 3, in f\n'
        '    func()\n  File "/w/tests/test_orders.py", line 13, in test_total\n    assert order.total() == 4\n'
        '           ^^^^^^^^^^^^^\n  File "/w/shop/orders.py", line 21, in total\n    return self.parse()\nValueError: no price\n'
    )
    group = "\n".join(f"  | {line}" for line in native.splitlines())

    assert of("ValueError: no price", short) == of("ValueError: no price", native) == of("ValueError: no price", group)


def test_values_of_a_parametrized_test_do_not_matter_and_those_of_another_do() -> None:
    one, other = "assert 3 == len('abc!')", "assert 5 == len('hello!')"

    assert of(one, test=f"{TEST}[abc-3]") == of(other, test=f"{TEST}[hello-5]")
    assert of(one).digest != of(other).digest


def test_one_cause_fails_many_tests_alike() -> None:
    other_test = LONG.replace("assert order.total() == 4", "assert Order(1).total() == 1").replace(
        "test_orders", "test_carts"
    )
    one = of("ValueError: no price 3", LONG)
    other = of("ValueError: no price 7", other_test, "tests/test_carts.py::test_sum")

    assert one.digest != other.digest
    assert one.cause == other.cause
    assert one.cause != of("ValueError: no price 3", LONG.replace("self.parse()", "self.prices[0]")).cause


def test_a_recursion_is_the_same_however_deep_it_went() -> None:
    step = "shop/orders.py:21: in total\n    return self.total()\n"

    assert of("RecursionError: too deep", step * 3) == of("RecursionError: too deep", step * 9)


@pytest.mark.parametrize(
    "text", ["", "\n", "\x00", "\udcff", "assert ", "{" * 5000, "1:" * 5000, "/a" * 5000, "> " * 5000]
)
def test_any_text_has_a_signature(text: str) -> None:
    assert len(of(text, text).digest) == 16


def test_a_signature_says_what_was_compared() -> None:
    signature = of("ValueError: no price at 0x7f38752cb210", LONG)

    assert (signature.exception, signature.text) == ("ValueError", "no price at <address>")
