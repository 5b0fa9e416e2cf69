from pathlib import Path
from typing import Any

import pytest
from bundle_samples import leave_bundle, merged, plan_of
from journal_samples import collected, passes

from ci_toolkit.merge.warnings_met import warnings_met
from ci_toolkit.model.journal_end import Summary
from ci_toolkit.model.warned import Warned, WarningsLimit
from ci_toolkit.verdict.judge import Thresholds, judge


def of_tests(text: str, *node_ids: str, count: int = 1) -> Warned:
    return Warned(text=text, count=count, node_ids=node_ids)


def of_import(text: str, count: int = 1) -> Warned:
    return Warned(text=text, count=count)


@pytest.mark.parametrize(
    ("processes", "expected"),
    [
        ([], ()),
        ([[of_tests("old", "b", count=2)], [of_tests("old", "a")]], (of_tests("old", "a", "b", count=3),)),
        ([[of_import("old")], [of_import("old", 2)]], (of_import("old", 2),)),  # each imports what the other does
        ([[of_import("old")], [of_tests("old", "a")]], (of_tests("old", "a", count=2),)),
        (
            [[of_tests("rare", "a"), of_tests("often", "b", count=9)]],
            (of_tests("often", "b", count=9), of_tests("rare", "a")),
        ),
    ],
)
def test_the_warnings_of_processes_are_those_that_one_process_would_meet(
    processes: list[list[Warned]], expected: tuple[Warned, ...]
) -> None:
    met = warnings_met([Summary(warnings=tuple(told)) for told in processes])
    assert met.told == expected
    assert met.count == sum(warned.count for warned in expected)


def test_all_are_counted_and_the_most_frequent_are_told() -> None:
    met = warnings_met([Summary(warnings=tuple(of_tests(f"number {n:03}", "a") for n in range(150)))])
    assert (met.count, len(met.told), met.told[-1].text) == (150, 100, "number 099")


def test_warnings_that_the_suite_does_not_want_to_see_are_counted() -> None:
    met = warnings_met([Summary(warnings=(of_tests("old", "a"),), shows="f")])
    assert (met.count, met.told) == (1, ())


@pytest.mark.parametrize(("most", "messages"), [(4, []), (3, ["4 warnings; --max-warnings allows 3"])])
def test_what_the_suite_allows_is_asked_of_the_whole(tmp_path: Path, most: int, messages: list[Any]) -> None:
    plan = plan_of(["test_a.py"], ["test_b.py"])
    limit = WarningsLimit(most=most, asked_by="--max-warnings")
    for index, path in enumerate(("test_a.py", "test_b.py"), start=1):
        warned = Summary(warnings=(of_tests("old", f"{path}::test_1", count=2),), warnings_limit=limit)
        leave_bundle(tmp_path, plan, index, {"main": [collected(path, "test_1"), *passes(0), warned]})
    verdict = judge(merged(tmp_path, plan), Thresholds())
    assert [breach.message for breach in verdict.breaches] == messages
    assert verdict.exit_code == len(messages)
