from ci_toolkit.suite.search_path import firsts_of_folders, in_collection_order


def test_modules_come_as_pytest_walks_through_the_folders() -> None:
    places = ["b/test_x.py", "a-b/test_x.py", "a/test_x.py", "README.md", "a/b/test_y.py", "a.py"]
    order = ["a/b/test_y.py", "a/test_x.py", "a-b/test_x.py", "a.py", "b/test_x.py"]
    assert in_collection_order(places, {}) == order


def test_the_first_module_of_a_folder_stands_for_those_that_follow() -> None:
    places = ["a/test_1.py", "a/test_2.py", "a/test_3/test_4.py", "a/test_5.py", "a/test_6.py"]
    assert firsts_of_folders(places) == ["a/test_1.py", "a/test_3/test_4.py", "a/test_5.py"]


def test_modules_come_in_the_order_of_the_arguments() -> None:
    places = ["a/test_x.py", "b/c/test_x.py", "d/test_x.py", "e.py"]
    ranks = {"b": 0, "e.py": 1, ".": 2}
    assert in_collection_order(places, ranks) == ["b/c/test_x.py", "e.py", "a/test_x.py", "d/test_x.py"]
