from ci_toolkit.model.again import AgainRule, Agains


def test_a_test_is_tried_so_often_as_the_rule_says_and_the_time_allows() -> None:
    agains = Agains(AgainRule(times=3, seconds=10.0))
    assert agains.most_for("a::t", "c", 10.0) == 3
    assert agains.most_for("a::t", "c", 10.1) == 0

    agains.pay(6.0)
    assert agains.can_pay(4.0)
    assert not agains.can_pay(4.1)


def test_tests_that_fail_each_time_for_one_cause_are_not_tried_for_ever() -> None:
    agains = Agains(AgainRule(seconds=10.0, most_of_cause=2))
    for _ in range(2):
        assert agains.most_for("a::t", "c", 0.0)
        agains.note_vain("c")
    assert not agains.most_for("a::t", "c", 0.0)
    assert agains.most_for("a::t", "another", 0.0)


def test_a_test_that_is_not_to_be_tried_stands_for_all_its_parameters() -> None:
    agains = Agains(AgainRule(seconds=10.0, not_of=("a::t", "a::u[1]")))
    tried = {test: bool(agains.most_for(test, "c", 0.0)) for test in ("a::t", "a::t[1]", "a::u[1]", "a::u[2]")}
    assert tried == {"a::t": False, "a::t[1]": False, "a::u[1]": False, "a::u[2]": True}


def test_a_rule_can_be_of_one_test() -> None:
    agains = Agains(AgainRule(seconds=10.0, only_of="a::t"))
    assert (agains.most_for("a::t", "c", 1.0), agains.most_for("a::u", "c", 1.0)) == (3, 0)


def test_processes_share_the_time() -> None:
    assert AgainRule(seconds=10.0).shared_by(4).seconds == 2.5
