from pathlib import Path

import pytest

from ci_toolkit.suite.lent_fixtures import passed_on

BOX = "@pytest.fixture(scope='session')\ndef box(): return []\n"
KEPT = "import pytest\n@pytest.fixture(scope='session')\ndef box():\n    kept = {}\n    yield kept\n    assert kept\n"
GLOBAL = "_BOX = []\n@pytest.fixture\ndef box(): return _BOX\n"
NAMED = "@fixture(scope='session', name='box')\ndef make_box() -> list[int]: return list()\n"
OBJECT = "@pytest.fixture(scope='session')\ndef box(): return Context()\n"
FULL = "@pytest.fixture(scope='session')\ndef box(): return {'url': 'x'}\n"
FILLS = "def test_1(box): box.append(1)\n"
READS = "def test_2(box): assert box == [1]\n"
SETS = "class TestA:\n    async def test_1(self, box): box['a'] = 1\n"
SETS_ATTRIBUTE = "def test_1(box): box.token = 1\n"
READS_ATTRIBUTE = "def test_2(box): use(box.token)\n"


def linked(folder: Path, conftest: str, **texts: str) -> set[str]:
    """The pairs, as two letters each; the files have names of one letter."""
    (folder / "conftest.py").write_text(conftest)
    files = {name: folder / f"test_{name}.py" for name in texts}
    for name, text in texts.items():
        files[name].write_text(text)
    return {"".join(sorted(pair)) for pair in passed_on(files)}


@pytest.mark.parametrize("conftest", [BOX, KEPT, GLOBAL, NAMED, BOX.replace("session", "module")])
def test_a_file_whose_tests_fill_and_read_what_a_conftest_file_lends_is_linked(tmp_path: Path, conftest: str) -> None:
    assert linked(tmp_path, conftest, a=FILLS + READS, b=READS.replace("box", "other")) == {"aa"}


@pytest.mark.parametrize(
    ("conftest", "texts", "pairs"),
    [
        (BOX, {"a": FILLS, "b": READS}, {"ab"}),
        (BOX, {"a": FILLS, "b": FILLS, "c": READS}, {"ac", "bc"}),
        (KEPT, {"a": SETS, "b": "def test_2(box): assert box['a']\n"}, {"ab"}),
        (GLOBAL, {"a": FILLS, "b": READS}, {"ab"}),
        (OBJECT, {"a": SETS_ATTRIBUTE, "b": READS_ATTRIBUTE}, {"ab"}),
        (OBJECT, {"a": SETS_ATTRIBUTE + READS_ATTRIBUTE}, {"aa"}),
        (OBJECT, {"a": SETS_ATTRIBUTE, "b": READS_ATTRIBUTE.replace("token", "name")}, set()),
        (OBJECT, {"a": FILLS, "b": READS}, set()),  # whatever its `append` is
        (BOX.replace("session", "module"), {"a": FILLS, "b": READS}, set()),  # each file has its own
        (BOX.replace("(scope='session')", ""), {"a": FILLS + READS}, set()),  # each test has its own
        (BOX, {"a": FILLS, "b": FILLS}, set()),  # nobody asks for it
        (BOX, {"a": READS, "b": READS}, set()),  # nobody fills it
        (FULL, {"a": SETS, "b": "def test_2(box): get(box['url'])\n"}, set()),  # settings, of which one is changed
        (BOX, {"a": SETS, "b": "def test_2(box):\n    if 'b' not in box: box['b'] = 1\n"}, set()),  # a cache
        (BOX, {"a": "def test_1():\n    box = []\n    box.append(1)\n", "b": READS}, set()),  # another one
    ],
)
def test_files_are_linked_where_one_reads_what_others_alone_fill(
    tmp_path: Path, conftest: str, texts: dict[str, str], pairs: set[str]
) -> None:
    assert linked(tmp_path, conftest, **texts) == pairs


def test_the_nearest_conftest_file_lends(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text(BOX)
    folder = tmp_path / "sub"
    folder.mkdir()
    assert linked(folder, BOX.replace("(scope='session')", ""), a=FILLS, b=READS) == set()


@pytest.mark.parametrize("conftest", ["def fixture(:", "\0fixture"])
def test_a_conftest_file_that_cannot_be_read_is_for_pytest_to_tell(tmp_path: Path, conftest: str) -> None:
    assert linked(tmp_path, conftest, a=FILLS + READS) == set()
