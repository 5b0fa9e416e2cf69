from ci_toolkit.suite.search_path import in_collection_order


def test_modules_come_as_pytest_walks_through_the_folders() -> None:
    places = ["b/test_x.py", "a-b/test_x.py", "a/test_x.py", "README.md", "a/b/test_y.py", "a.py"]
    order = ["a/b/test_y.py", "a/test_x.py", "a-b/test_x.py", "a.py", "b/test_x.py"]
    assert ["/".join(parts) for parts in reversed(in_collection_order(places))] == order
