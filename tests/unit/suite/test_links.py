import pytest

from ci_toolkit.model.task import Linking
from ci_toolkit.suite.links import LinkReader, groups_of

DEPENDS_ON_A = "@mark.dependency(depends=['tests/test_a.py::test_1'], scope='session')\ndef test_2(): ...\n"
PLAIN = "def test_1(): ...\n"
MARKED = "@mark.dependency\ndef test_1(): ...\n"
ORDER = {Linking.ORDER}
DEPENDENCY = {Linking.DEPENDENCY}


def grouped(texts: dict[str, str], kinds: set[Linking]) -> list[set[str]]:
    """The files that are never cut, those that run together in one set; the files have names of one letter."""
    reader = LinkReader(kinds)
    read = {
        f"tests/test_{name}.py": reader.read_text(f"{text}\ndef test_9(): ...\n".encode())
        for name, text in texts.items()
    }
    links = {path: found for path, found in read.items() if found is not None}
    groups: dict[str, set[str]] = {}
    for path, group in groups_of(links, read.keys()).items():
        groups.setdefault(group, set()).add(path[len("tests/test_")])
    return sorted(groups.values(), key=min)


@pytest.mark.parametrize(
    ("text", "kinds", "is_linked"),
    [
        (PLAIN, set(Linking), False),
        ("@pytest.mark.incremental\nclass TestA: ...", set(), True),
        ("from marks import incremental\n@incremental\nclass TestA: ...", set(), True),
        ("pytestmark = [pytest.mark.slow, pytest.mark.incremental]", set(), True),
        ("@test_steps('make', 'use')\ndef test_a(test_step): ...", set(), True),
        ("def test_all(module_results_dct): ...", set(), True),  # pytest-harvest
        ("def test_all(request): get_session_synthesis_dct(request)", set(), True),
        (MARKED, DEPENDENCY, True),
        (MARKED, set(), False),  # nobody acts on the mark
        ("@pytest.mark.depends(on=['test_1'])\ndef test_2(): ...", {Linking.DEPENDS}, True),
        ("@pytest.mark.order(1)\ndef test_1(): ...", ORDER, True),
        ("@pytest.mark.order(1)\ndef test_1(): ...", {Linking.ORDER_IN_FILE}, True),
        ("@pytest.mark.run(order=1)\ndef test_1(): ...", ORDER, True),
        ("@pytest.mark.second_to_last\ndef test_1(): ...", ORDER, True),
        ("def test_order(): assert order(1) == first", ORDER, False),
        ("incremental = (", set(), True),
        (f"incremental = {'-' * 200_000}1", set(), True),  # nested deeper than Python reads
    ],
)
def test_a_file_with_a_mark_that_links_tests_is_kept_whole(text: str, kinds: set[Linking], is_linked: object) -> None:
    assert grouped({"a": text}, kinds) == ([{"a"}] if is_linked else [])


@pytest.mark.parametrize(
    ("texts", "groups"),
    [
        ({"a": MARKED, "b": DEPENDS_ON_A, "c": MARKED}, [{"a", "b"}, {"c"}]),
        ({"a": PLAIN, "b": DEPENDS_ON_A}, [{"a", "b"}]),  # automark_dependency
        ({"a": PLAIN, "b": f"{DEPENDS_ON_A}digit = '\\d'"}, [{"a", "b"}]),  # Python warns of that, an error here
        ({"a": MARKED, "b": DEPENDS_ON_A.replace("session", "package")}, [{"a", "b"}]),
        ({"a": MARKED, "b": DEPENDS_ON_A.replace("session", "module")}, [{"a"}, {"b"}]),
        ({"a": MARKED, "b": DEPENDS_ON_A.replace("'session'", "WIDE"), "c": PLAIN}, [{"a", "b"}]),
        ({"a": "@mark.dependency(name='made', scope='session')", "b": MARKED, "c": "@dependency(depends=['made'], scope='session')"}, [{"a", "c"}, {"b"}]),
        ({"a": MARKED, "b": "dependency\n@mark.dependency(depends=[A + '::test_1'], scope='session')", "c": MARKED}, [{"a", "b", "c"}]),
        ({"a": MARKED, "b": "@mark.dependency(depends=EARLIER, scope='session')", "c": MARKED}, [{"a", "b", "c"}]),
        ({"a": MARKED, "b": "@mark.dependency(**WIDE)", "c": MARKED}, [{"a", "b", "c"}]),
        ({"a": MARKED, "b": "from pytest_dependency import depends\ndepends(request, ['test_a.py::test_1'], scope='session')"}, [{"a", "b"}]),
        ({"a": MARKED, "b": "from pytest_dependency import depends\ndepends(request, ['test_1'])"}, [{"a"}, {"b"}]),
        ({"a": MARKED, "b": "needs = mark.dependency\n@needs(depends=['nobody::has_this'], scope='session')", "c": MARKED}, [{"a", "b", "c"}]),
    ],
)  # fmt: skip
def test_files_are_together_where_a_dependency_can_be_in_the_other(
    texts: dict[str, str], groups: list[set[str]]
) -> None:
    assert grouped(texts, DEPENDENCY) == groups


FIRST = "@pytest.mark.order(1)\ndef test_1(): ...\n"


@pytest.mark.parametrize(
    ("texts", "kinds", "groups"),
    [
        ({"a": FIRST, "b": PLAIN, "c": "@mark.order(index=2)\ndef test_2(): ..."}, ORDER, [{"a", "c"}]),
        ({"a": FIRST, "b": "@mark.run(order=2)", "c": "@mark.last\ndef test_2(): ..."}, ORDER, [{"a", "b", "c"}]),
        ({"a": FIRST, "b": FIRST}, {Linking.ORDER_IN_FILE}, [{"a"}, {"b"}]),
        ({"a": PLAIN, "b": "@mark.order(after='test_a.py::test_1')", "c": FIRST}, ORDER, [{"a", "b"}, {"c"}]),
        ({"a": PLAIN, "b": "@mark.order(before=['test_a.py::test_1', 'test_c.py::test_1'])", "c": PLAIN}, ORDER, [{"a", "b", "c"}]),
        ({"a": FIRST, "b": "@mark.order(after='test_1')\ndef test_2(): ...\ndef test_1(): ..."}, ORDER, [{"a"}, {"b"}]),
        ({"a": FIRST, "b": "@mark.order(after='TestB::test_1')\nclass TestB:\n  def test_1(self): ..."}, ORDER, [{"a"}, {"b"}]),
        ({"a": FIRST, "b": "@mark.order(after=EARLIER)"}, ORDER, [{"a", "b"}]),
    ],
)  # fmt: skip
def test_files_are_together_where_a_mark_orders_tests_over_files(
    texts: dict[str, str], kinds: set[Linking], groups: list[set[str]]
) -> None:
    assert grouped(texts, kinds) == groups


@pytest.mark.parametrize(("text", "is_linked"), [("@mark.stepwise\nclass TestA: ...", True), (PLAIN, False)])
def test_a_mark_that_a_conftest_file_gives_this_meaning_keeps_its_file_whole(text: str, is_linked: object) -> None:
    assert (LinkReader((), ["stepwise"]).read_text(text.encode()) is not None) == is_linked
