import pytest

from ci_toolkit.model.coverage_context import context_of, owners_of, without_tests

PAY, CART = "tests/test_pay.py::test_refund", 'tests/test_cart.py::TestIt::test_a["x|run"]'


@pytest.mark.parametrize("tests", [(PAY,), (PAY, CART)])
@pytest.mark.parametrize("category", ["", "unit"])
@pytest.mark.parametrize("static", ["", "linux"])
def test_a_context_of_ours_names_its_tests_and_is_without_them_what_it_was(
    static: str, category: str, tests: tuple[str, ...]
) -> None:
    def as_coverage_has_it(context: str) -> str:
        return "|".join(filter(None, (static, context)))

    context = as_coverage_has_it(context_of(category, tests))
    assert owners_of(context, (PAY, CART), static=static) == set(tests)
    assert owners_of(context, ("tests/test_pay.py::test_other",), static=static) == frozenset()
    assert without_tests(context) == as_coverage_has_it(context_of(category))


@pytest.mark.parametrize(
    ("context", "test"),
    [
        ("tests/test_pay.py::test_refund|setup", PAY),
        ("tests/test_pay.py::test_refund[1|run]|run", PAY),
        ("tests/test_pay.py::test_refund[2]|teardown", "tests/test_pay.py::test_refund[2]"),
        ("test_pay.test_refund", PAY),
        ("tests.test_pay.test_refund", PAY),
        ("test_cart.TestIt.test_a", "tests/test_cart.py::TestIt::test_a"),
    ],
)
def test_a_context_of_the_suites_own_names_its_test(context: str, test: str) -> None:
    assert owners_of(context, (test,)) == {test}
    assert owners_of(f"linux|{context}", (test,), static="linux") == {test}
    assert without_tests(context) == context


@pytest.mark.parametrize(
    "context",
    [
        "",
        "category:unit",
        "tests/test_pay.py::test_refunds|run",
        "tests/test_pay.py::test_refund",  # no phase: whoever it is, pytest-cov did not name it
        "tests/test_pay.py::test_refund[1]|again",
        "test_refund",
        "pay.test_refund",
        "test_pay.test_refund.inner",
        "ci-toolkit-apart:",
        "ci-toolkit-apart:{}",
        'ci-toolkit-apart:["tests/test_pay.py::test_other"]',
    ],
)
def test_any_other_context_is_that_of_others(context: str) -> None:
    assert owners_of(context, (PAY,)) == frozenset()


def test_a_function_without_its_parameters_is_not_the_test_with_them() -> None:
    assert owners_of("test_pay.test_refund", (f"{PAY}[1]",)) == frozenset()
