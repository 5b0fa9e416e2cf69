import pytest

from ci_toolkit.github.client import PAGE, every
from ci_toolkit.github.errors import GitHubError


@pytest.mark.parametrize(("there", "asked"), [(0, 1), (1, 1), (PAGE - 1, 1), (PAGE, 2), (2 * PAGE + 1, 3)])
def test_what_is_listed_is_read_to_its_end_page_after_page(there: int, asked: int) -> None:
    pages: list[int] = []

    def page(number: int) -> list[int]:
        pages.append(number)
        return list(range(there))[(number - 1) * PAGE : number * PAGE]

    assert list(every(page, 3, "numbers", advice="")) == list(range(there))
    assert pages == list(range(1, asked + 1))


def test_no_page_is_asked_for_after_what_was_looked_for() -> None:
    def page(number: int) -> list[int]:
        assert number == 1
        return list(range(PAGE))

    assert next(number for number in every(page, 3, "numbers", advice="") if number == 5) == 5


def test_a_list_that_is_not_read_to_its_end_is_an_error() -> None:
    numbers = every(lambda _: list(range(PAGE)), 3, "numbers", advice="Count less.")
    with pytest.raises(GitHubError, match="lists 300 numbers or more, and no others are read") as caught:
        list(numbers)
    assert caught.value.advice == "Count less."
