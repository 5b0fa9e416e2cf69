"""What depends on what in the table of services, and the addresses that a row may hold."""

from typing import Any

import pytest

from ci_toolkit.errors import ConfigurationError
from ci_toolkit.services.catalog.order import needed
from ci_toolkit.services.catalog.placeholders import filled
from ci_toolkit.services.catalog.settings import table_from

CHAIN = {
    "frontend": {"depends-on": ["backend"]},
    "backend": {"depends-on": ["postgresql", "auth", "analytics"]},
    "auth": {"depends-on": ["postgresql"]},
    "analytics": {"depends-on": ["clickhouse", "auth"]},
}


@pytest.mark.parametrize(
    ("names", "besides", "order"),
    [
        (["redis"], (), ["redis"]),
        (["auth"], (), ["postgresql", "auth"]),
        (["frontend"], (), ["postgresql", "clickhouse", "auth", "analytics", "backend", "frontend"]),
        (["frontend"], ("postgresql", "auth"), ["clickhouse", "analytics", "backend", "frontend"]),
        (["frontend", "redis"], ("backend",), ["redis", "frontend"]),
        (["auth"], ("auth",), []),
    ],
)
def test_a_service_starts_after_all_that_it_depends_on(
    names: list[str], besides: tuple[str, ...], order: list[str]
) -> None:
    table = table_from(CHAIN, origin="here")
    found = [service.name for service in needed(table, names, besides=besides)]
    assert sorted(found) == sorted(order)
    for service in needed(table, names, besides=besides):
        before = found[: found.index(service.name)]
        assert {name for name in service.depends_on or () if name in found} <= set(before)


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        ({"auth": {"depends-on": ["auth"]}}, "in a circle: 'auth' -> 'auth'"),
        (
            {"auth": {"depends-on": ["backend"]}, "backend": {"depends-on": ["frontend", "auth"]}},
            "'auth' -> 'backend' -> 'auth'|'backend' -> 'auth' -> 'backend'",
        ),
        (CHAIN | {"clickhouse": {"depends-on": ["frontend"]}}, "depend on each other in a circle: "),
        # One that says nothing comes after every data store.
        (
            {"redis": {"depends-on": ["auth"]}, "auth": {"command": ["serve"]}},
            "'redis' -> 'auth' -> 'redis'|'auth' -> ",
        ),
        ({"auth": {"depends-on": ["postgres"]}}, "Did you mean 'postgresql'?"),
        (CHAIN | {"analytics": False}, "'backend' depends on 'analytics', and there is no such service"),
        ({"auth": {"knows": ["fronted"]}}, "'auth' knows 'fronted', and there is no such service"),
        ({"auth": {"variables": {"X": "{backend_url}"}}}, "'auth' has {backend_url}, which is no address"),
        ({"auth": {"command": ["serve", "{auth_port}"]}}, "'auth' has {auth_port}"),
        (
            {"auth": {"depends-on": ["redis"], "variables": {"X": "{redsi_url}"}}},
            "Did you mean 'redis_url'?",
        ),
    ],
)
def test_a_circle_or_a_name_that_nobody_has_is_named(rows: dict[str, Any], says: str) -> None:
    with pytest.raises(ConfigurationError, match="here") as caught:
        table_from(rows, origin="here")
    assert any(one in str(caught.value) for one in says.split("|"))


def test_what_depends_on_a_workers_own_service_is_the_workers_own_too() -> None:
    rows = {
        "backend": {"command": ["serve"], "depends-on": []},
        "frontend": {"image": "shop/page", "depends-on": ["backend"]},
        "auth": {"image": "shop/auth", "depends-on": ["postgresql"]},
    }
    table = table_from(rows, origin="here")
    own = {row.name for row in table.services if row.is_own}
    assert own == {"backend", "frontend"}
    assert table.startable() == ("postgresql", "redis", "auth", "clickhouse")


def test_two_services_may_know_each_others_addresses_and_come_together() -> None:
    rows = CHAIN | {"backend": {"depends-on": [], "knows": ["frontend"], "variables": {"PAGE": "{frontend_url}"}}}
    table = table_from(rows, origin="here")
    assert [service.name for service in needed(table, ["backend"])] == ["backend", "frontend"]


KNOWN = {"AUTH_URL": "http://127.0.0.1:1", "AUTH_PORT": "1", "PORT": "2"}


@pytest.mark.parametrize(
    ("text", "becomes"),
    [
        ("{auth_url}/login", "http://127.0.0.1:1/login"),
        ("{port}:{auth_port}", "2:1"),
        ("{{auth_url}}", "{auth_url}"),
        ('{"level": "{level}"}', '{"level": "{level}"}'),
        ("%(message)s {message} {}", "%(message)s {message} {}"),
    ],
)
def test_a_placeholder_is_a_variables_name_in_small_letters(text: str, becomes: str) -> None:
    assert filled(text, KNOWN) == becomes


def test_secrets_of_a_row_stand_in_no_repr_and_are_hidden_in_logs() -> None:
    table = table_from({"auth": {"variables": {"AUTH_SECRET": "hush-hush", "LEVEL": "debug"}}}, origin="here")
    assert "hush" not in repr(table)
    assert table.service("auth").secrets == ("hush-hush",)
