"""What a run tells the test processes below it about services survives the environment."""

import pytest

from ci_toolkit.errors import ConfigurationError
from ci_toolkit.services.catalog.endpoint import Provider
from ci_toolkit.services.catalog.table import ServiceEnvironment
from ci_toolkit.services.handover import Handover, read_handover

TOLD = [
    Handover(),
    Handover(owner=4711),
    Handover(environment=ServiceEnvironment.TEST_ALPINE, provider=Provider.NATIVE, dynamic_ports=True, owner=1),
]


@pytest.mark.parametrize("told", TOLD)
def test_what_is_told_is_read(told: Handover) -> None:
    assert read_handover(told.variables()) == told


@pytest.mark.parametrize(
    ("name", "value", "advice"),
    [
        ("CI_TOOLKIT_SERVICES_OWNER", "me", "the id of the process"),
        ("CI_TOOLKIT_SERVICES_PROVIDER", "nativ", "Did you mean 'native'?"),
        ("CI_TOOLKIT_SERVICES_ENVIRONMENT", "tset", "Did you mean 'test'?"),
    ],
)
def test_a_value_that_cannot_be_used_is_named(name: str, value: str, advice: str) -> None:
    with pytest.raises(ConfigurationError, match=name) as caught:
        read_handover({name: value})
    assert advice in str(caught.value)
