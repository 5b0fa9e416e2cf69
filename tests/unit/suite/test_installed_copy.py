"""Whether what is checked out is installed as a copy."""

from pathlib import Path

import pytest
from git_samples import git

from ci_toolkit.suite.installed_copy import refuse_installed_copy
from ci_toolkit.suite.work_tree import NoWorkTreeError

CODE = "def answer(): return 42"


@pytest.mark.parametrize(
    ("tracked", "installed", "is_copy"),
    [
        pytest.param({"src/pkg/a.py": CODE}, {}, False, id="not installed"),
        pytest.param({"src/pkg/a.py": CODE}, {"pkg/a.py": CODE}, True, id="a package below src"),
        pytest.param({"pkg/a.py": CODE}, {"pkg/a.py": CODE}, True, id="a package beside the tests"),
        pytest.param({"one/src/pkg/a.py": CODE}, {"pkg/a.py": CODE}, True, id="a package of several"),
        pytest.param({"src/name/space/a.py": CODE}, {"name/space/a.py": CODE}, True, id="in a namespace"),
        pytest.param({"src/a.py": CODE}, {"a.py": CODE}, True, id="a single module"),
        pytest.param(
            {"src/pkg/a.py": "new", "src/pkg/b.py": CODE},
            {"pkg/a.py": "old", "pkg/b.py": CODE},
            True,
            id="edited since",
        ),
        pytest.param({"src/pkg/a.py": CODE}, {"pkg/a.py": "other"}, False, id="another package of that name"),
        pytest.param({"tests/__init__.py": ""}, {"tests/__init__.py": ""}, False, id="both empty"),
        pytest.param(
            {"pkg/__init__.py": "", "pkg/_vendor/__init__.py": "", "pkg/_vendor/six.py": CODE},
            {"six.py": CODE},
            False,
            id="a copy of another package within this one",
        ),
    ],
)
def test_a_copy_is_what_an_installed_module_of_the_same_name_and_content_is(
    tmp_path: Path, tracked: dict[str, str], installed: dict[str, str], *, is_copy: bool
) -> None:
    checkout, site = tmp_path / "checkout", tmp_path / "lib" / "site-packages"
    for folder, files in ((checkout, tracked), (site, installed)):
        folder.mkdir(parents=True)
        for name, text in files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text)
    git(checkout, "init", "-q")
    git(checkout, "add", ".")
    search_path = [str(tmp_path / "nowhere" / "site-packages"), str(checkout), str(site)]
    if is_copy:
        with pytest.raises(NoWorkTreeError, match="would import what is installed of the checkout"):
            refuse_installed_copy(checkout, search_path)
    else:
        refuse_installed_copy(checkout, search_path)
