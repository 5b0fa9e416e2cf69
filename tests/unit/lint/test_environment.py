"""The process environment (CIT002): every way to it, and what only looks like one."""

import pytest
from lint_lab import codes_in

ENVIRON = {
    "write": "import os\nos.environ['A'] = 'b'",
    "read": "import os\ndef test_a():\n assert os.environ.get('A')",
    "delete": "import os\ndef test_a():\n del os.environ['A']",
    "imported": "from os import environ\ndef test_a():\n environ['A'] = 'b'",
    "renamed": "from os import environ as e\ndef test_a():\n e['A'] = 'b'",
    "module renamed": "import os as o\ndef test_a():\n o.environ['A'] = 'b'",
    "getenv": "import os\ndef test_a():\n assert os.getenv('A')",
    "getenv renamed": "from os import getenv as g\ndef test_a():\n assert g('A')",
    "putenv": "import os\ndef test_a():\n os.putenv('A', 'b')",
    "unsetenv": "import os\ndef test_a():\n os.unsetenv('A')",
    "patch.dict of the object": "import os\nfrom unittest.mock import patch\n"
    "@patch.dict(os.environ, {})\ndef test_a(): pass",
    "patch.dict by name": "from unittest.mock import patch\n@patch.dict('os.environ', {})\ndef test_a(): pass",
    "imported in the function": "def test_a():\n from os import environ\n environ.pop('A')",
    "star": "from os import *\ndef test_a():\n putenv('A', 'b')",
    "bytes": "import os\ndef test_a():\n os.environb[b'A'] = b'b'",
}
NOT_ENVIRON = {
    "isolated": "def test_a(isolated_env):\n isolated_env.set('A', 'b', source='test')",
    "monkeypatch": "def test_a(monkeypatch):\n monkeypatch.setenv('A', 'b')\n monkeypatch.delenv('C')",
    "a parameter named environ": "def test_a(environ):\n environ['A'] = 'b'",
    "a WSGI environ": "def test_a():\n environ = {}\n environ['A'] = 'b'",
    "a local named os": "def test_a(os):\n os.environ['A'] = 'b'",
    "an attribute of another thing": "def test_a(request):\n assert request.environ['A']",
    "text only": "def test_a():\n assert 'os.environ' in text  # os.environ",
}


@pytest.mark.parametrize("source", ENVIRON.values(), ids=ENVIRON.keys())
def test_direct_use_of_the_environment_is_found(source: str) -> None:
    assert codes_in(source) == ["CIT002"]


@pytest.mark.parametrize("source", NOT_ENVIRON.values(), ids=NOT_ENVIRON.keys())
def test_what_is_not_the_process_environment_passes(source: str) -> None:
    assert codes_in(source) == []


DISGUISED = {
    "getattr": "import os\ndef test_a():\n getattr(os,'environ')['A']='b'",
    "__dict__": "import os\ndef test_a():\n os.__dict__['environ']['A']='b'",
    "vars": "import os\ndef test_a():\n vars(os)['environ']['A']='b'",
    "vars get": "import os\ndef test_a():\n vars(os).get('environ')['A']='b'",
    "from as": "from os import environ as e\ndef test_a():\n e['A']='b'",
    "import_module": "import importlib\ndef test_a():\n importlib.import_module('os').environ['A']='b'",
    "import_module by name": "from importlib import import_module as im\ndef test_a():\n im('os').environ['A']='b'",
    "__import__": "def test_a():\n __import__('os').environ['A']='b'",
    "sys.modules": "import sys\ndef test_a():\n sys.modules['os'].environ['A']='b'",
    "os under a name": "import os\no = os\ndef test_a():\n o.environ['A']='b'",
    "vars under a name": "import os\ndef test_a():\n v = vars(os)\n v['environ']['A']='b'",
    "environ under a name": "import os\ndef test_a():\n env = os.environ\n env['A']='b'",
    "getenv under a name": "import os\nget = os.getenv\ndef test_a():\n assert get('A')",
    "setattr": "import os\ndef test_a():\n setattr(os, 'environ', {})",
    "replaced as a whole": "import os\ndef test_a():\n os.environ = {}",
    "by way of another module": "import shutil\ndef test_a():\n shutil.os.environ['A']='1'",
    "posix": "import posix\ndef test_a():\n posix.environ",
    "walrus": "import os\ndef test_a():\n (e := os.environ)['A']='1'",
    "getattr under a name": "import os\ng = getattr\ndef test_a():\n g(os,'environ')['A']='b'",
    "attrgetter": "import os, operator\ndef test_a():\n operator.attrgetter('environ')(os)['A']='b'",
    "__getattribute__": "import os\ndef test_a():\n os.__getattribute__('environ')['A']='b'",
}
NOT_DISGUISED = {
    "of another object": "class A: environ={}\ndef test_a(o):\n getattr(o,'environ')['A']='b'\n vars(o)['environ']",
    "names in a circle": "a=b\nb=a\ndef test_a():\n a.environ",
    "keys of a dictionary": "def test_a(d):\n d.get('environ')\n d['os']['environ']",
}


@pytest.mark.parametrize("source", DISGUISED.values(), ids=DISGUISED.keys())
def test_the_environment_is_found_by_every_way_to_it(source: str) -> None:
    assert codes_in(source) == ["CIT002"]


@pytest.mark.parametrize("source", NOT_DISGUISED.values(), ids=NOT_DISGUISED.keys())
def test_what_only_looks_like_the_environment_passes(source: str) -> None:
    assert codes_in(source) == []


def test_a_file_of_nested_look_ups_is_read_to_its_end() -> None:
    assert codes_in("import os\ndef test_a(x):\n x" + "['environ']" * 80) == []
