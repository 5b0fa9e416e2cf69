"""The guide's application as a whole, on this machine's servers."""

from pathlib import Path

from netra_project import copy_of_netra
from netra_whole import check_whole


def test_every_category_of_the_example_passes_in_shards(tmp_path: Path) -> None:
    told = check_whole(copy_of_netra(tmp_path))
    assert " native 127.0.0.1:" in told
