import pytest

from ci_toolkit.suite.links import FileLinks, LinkReader

FIXTURE = "@pytest.fixture(%s)\ndef box(): return []\ndef test_1(box): box.append(1)\ndef test_2(box): assert box\n"
SETUP_CLASS = (
    "class T:\n    @classmethod\n    def setUpClass(cls): cls.x = []\n"
    "    def test_1(self): self.x.append(1)\n    def test_2(self): assert self.x\n"
)
TABBED = "\tdef test_1(self): self.seen['a'] = 1\r\n\tdef test_2(self): assert self.seen\r\n"
USES = "def test_2(): assert state\n"


@pytest.mark.parametrize(
    ("text", "is_linked"),
    [
        ("state = None\ndef test_1():\n    global state\n    state = 1\n" + USES, True),
        ("state = []\ndef test_1(): state.append(1)\n" + USES, True),
        ("state: dict[str, int] = {}\nasync def test_1(): state['a'] = 1\n" + USES, True),
        ("state = {'token': None}\ndef test_1(): state['token'] = 1\n" + USES, True),
        ("state = types.SimpleNamespace()\ndef test_1(): state.token = 1\n" + USES, True),
        ("class State: ...\ndef test_1():\n    State.token = 1\ndef test_2(): assert State.token\n", True),
        ("class TestA:\n    def test_1(self):\n        type(self).x = 1\n    def test_2(self): assert self.x\n", True),
        (
            "class TestA:\n    def test_1(self):\n        self.__class__.x = 1\n    def test_2(self): assert self.x\n",
            True,
        ),
        (
            "class TestA:\n    seen = []\n    def test_1(self): self.seen.append(1)\n    def test_2(self): self.seen[0]\n",
            True,
        ),
        ("class TestA:\n    def test_1(self): type(self).x = 1\n    def test_2(self): assert self.x\n", True),
        (SETUP_CLASS, True),
        (FIXTURE % "scope='module'", True),
        ((FIXTURE % "scope='module'").replace("return []", "made = []; yield made"), True),
        (FIXTURE % "scope='function'", False),
        (FIXTURE % "", False),
        ("state = []\ndef test_1(): state.append(1)\ndef test_2(): pass\n", False),  # nobody asks for it
        ("state = []\ndef test_1(): assert not state\n" + USES, False),  # nobody writes it
        ("def test_1():\n    state = []\n    state.append(1)\ndef test_2():\n    state = []\n", False),
        ("class TestA:\r\n\tdef helper(self):\r\n\t\treturn 1\r\n# above\r\n\tseen = {}\r\n" + TABBED, True),
        ("async def test_1():\n    if True:\n        state = []\n    state.append(1)\n" + USES, False),
        ("class A: ...\ndef test_1(): A().x = 1\ndef test_2(): A().x = 2\n", False),
        (
            "class T:\n    @classmethod\n    def setUpClass(cls):\n        cls.x = 1\n    def test_1(self): self.x\n",
            False,
        ),
        ("class T:\n    def test_1(self): self.x = []\n    def test_2(self): self.x = {}\n", False),
    ],
)
def test_a_file_whose_tests_pass_state_on_is_linked(text: str, *, is_linked: bool) -> None:
    assert LinkReader(()).read_text(text.encode()) == (FileLinks() if is_linked else None)
