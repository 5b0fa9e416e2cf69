import pytest

from ci_toolkit.config.project import read_settings
from ci_toolkit.config.time_spans import read_seconds
from ci_toolkit.errors import ConfigurationError
from ci_toolkit.model.record import Record


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("90", 90), (90, 90), (1.5, 1.5), ("90s", 90), ("2m", 120), ("1m30s", 90), ("1h30m", 5400), ("1h", 3600),
        ("1.5h", 5400), ("1h1m1.5s", 3661.5), (" 5m ", 300), ("1h 30m", 5400), ("2 m", 120), ("500ms", 0.5),
        ("1s500ms", 1.5), ("90d", 7_776_000), ("2w", 1_209_600), ("0", 0),
    ],
)  # fmt: skip
def test_times_are_read_as_people_write_them(value: object, seconds: float) -> None:
    assert read_seconds(value) == seconds


@pytest.mark.parametrize(
    "value", ["", "soon", "-5", -5, "2 minutes", "1e3", "m", "nan", "inf", "٣", "1s2m", True, "9" * 400, "1h30", None]
)
def test_what_is_no_time_is_refused_with_what_to_write(value: object) -> None:
    with pytest.raises(ValueError, match=r"Write 90, 90s, 2m, 1m30s or 1h30m\."):
        read_seconds(value)


@pytest.mark.parametrize(("text", "days"), [("90", 90), ("90d", 90), ("12w", 84), ("12h", 0.5)])
def test_a_bare_number_counts_in_the_unit_of_its_option(text: str, days: float) -> None:
    assert read_seconds(text, unit="d") == days * 86_400


class _Row(Record, frozen=True, kw_only=True, rename="kebab"):
    test_seconds: float | None = None
    name: str = ""


@pytest.mark.parametrize(("given", "seconds"), [("1m30s", 90.0), (30, 30.0), (0.5, 0.5)])
def test_settings_take_the_same_times_as_options(given: object, seconds: float) -> None:
    assert read_settings({"test-seconds": given, "name": "2m"}, _Row, where="here") == _Row(
        test_seconds=seconds, name="2m"
    )


def test_a_setting_that_is_no_time_is_named_with_its_place() -> None:
    with pytest.raises(ConfigurationError, match="here cannot be used: 'soon' is not a time"):
        read_settings({"test-seconds": "soon"}, _Row, where="here")
