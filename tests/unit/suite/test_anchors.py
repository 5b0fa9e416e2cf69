from ci_toolkit.suite.anchors import AnchorReader

READER = AnchorReader(["test"], ["Test"])

SOURCE = b"""
import pytest


@pytest.mark.xdist_group("db")
def test_marked(): ...

@pytest.mark.parametrize("a", [1, 2])
@pytest.mark.xdist_group(name='files')
@pytest.mark.slow
async def test_named(a): ...

def test_plain(): ...

@pytest.mark.xdist_group("port")
class TestPorts:
    pytestmark = [
        pytest.mark.slow,
        pytest.mark.xdist_group("db"),
    ]
    def test_first(self): ...

    @pytest.mark.xdist_group(
        "cache"
    )
    def test_second(self): ...

class Helper:
    def test_not_one(self): ...

@pytest.mark.xdist_group
def test_without_a_name(): ...
"""


def test_names_are_read_in_the_order_of_the_source() -> None:
    assert READER.read_text(SOURCE).names == (
        "test_marked",
        "test_named",
        "test_plain",
        "TestPorts::test_first",
        "TestPorts::test_second",
        "test_without_a_name",
    )


def test_groups_are_named_as_xdist_names_them() -> None:
    assert dict(READER.read_text(SOURCE).groups) == {
        "test_marked": "db",
        "test_named": "files",
        "TestPorts::test_first": "db_port",
        "TestPorts::test_second": "cache_db_port",
        "test_without_a_name": "default",
    }


def test_a_module_mark_counts_for_the_tests_above_it() -> None:
    source = b"def test_a(): ...\npytestmark = pytest.mark.xdist_group('all')\n"
    assert READER.read_text(source).groups == (("test_a", "all"),)
