import json
import math
from pathlib import Path

import pytest
from history_samples import HERE, NOW, run_of
from hypothesis import example, given
from hypothesis import strategies as st

from ci_toolkit.errors import FormatError
from ci_toolkit.history.expected import expected_durations
from ci_toolkit.history.sqlite import SqliteHistory
from ci_toolkit.history.test_durations import file_runs_of, read_test_durations, write_test_durations
from ci_toolkit.model.node_id import node_id_of, split_node_id

NODE_IDS = [
    "tests/test_a.py::test_plain",
    "tests/test_a.py::TestB::test_c[x::y]",
    "tests/test_a.py::test_é[ ]",
    "docs/index.rst::index.rst",
    "README.rst::README.rst",
    "README.rst",
    "conda_lock/_x.py::conda_lock._x.unify",
    "a.py::a.py::test",
    "a.py::",
]


def through_history(content: bytes) -> bytes:
    runs = file_runs_of(read_test_durations(content, origin="x").seconds, at=NOW)
    with SqliteHistory(Path(":memory:")) as history:
        history.add(run_of(*runs), now=NOW)
        return write_test_durations(expected_durations(history.file_runs(HERE)))


def test_what_pytest_split_wrote_comes_out_as_it_came_in() -> None:
    durations = {node_id: 2.6139000510738697e-05 * 7**place for place, node_id in enumerate(NODE_IDS)}
    assert json.loads(through_history(json.dumps(durations).encode())) == durations


@given(st.dictionaries(st.text(st.characters(codec="utf-8"), min_size=1), st.floats(0, 400_000.0), min_size=1))
def test_any_node_ids_come_out_as_they_came_in(durations: dict[str, float]) -> None:
    assert json.loads(through_history(json.dumps(durations).encode())) == durations


@example("a::")
@example("a::::")
@given(st.text(st.sampled_from("a:./[")))
def test_node_id_is_put_together_as_it_was_taken_apart(node_id: str) -> None:
    assert node_id_of(*split_node_id(node_id)) == node_id


@pytest.mark.parametrize(
    "value", [-1.0, math.nan, math.inf, -math.inf, 1e308, "1.5", None, True, [1.0], {"seconds": 1.0}]
)
def test_value_that_is_no_time_is_left_out_and_named(value: object) -> None:
    content = json.dumps({"a.py::test_bad": value, "a.py::test_good": 1}).encode()
    found = read_test_durations(content, origin="x")
    assert found.seconds == {"a.py::test_good": 1.0}
    assert len(found.refused) == 1
    assert "a.py::test_bad" in found.refused[0]


def test_list_of_pairs_of_old_versions_is_read() -> None:
    assert read_test_durations(b'[["a.py::t", 1.5]]', origin="x").seconds == {"a.py::t": 1.5}


@pytest.mark.parametrize("content", [b"", b"{", b"7", b'["a"]', b"[[1, 2, 3]]", b"\xff\xfe", b"[" * 100_000])
def test_other_content_is_refused_by_name(content: bytes) -> None:
    with pytest.raises(FormatError, match=r"durations\.json"):
        read_test_durations(content, origin="durations.json")


def test_lone_surrogate_in_a_name_is_left_out() -> None:
    assert read_test_durations(b'{"a.py::\\ud800": 1.0}', origin="x").refused
