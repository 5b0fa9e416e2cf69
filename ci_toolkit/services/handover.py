"""How a run tells its test processes which services to use: in environment variables."""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

import msgspec

from ci_toolkit.config.project import nearest
from ci_toolkit.errors import ConfigurationError
from ci_toolkit.model.record import Record, encode
from ci_toolkit.model.task import SERVICES_FAILURES_VARIABLE
from ci_toolkit.services.catalog.endpoint import Provider
from ci_toolkit.services.catalog.table import ServiceEnvironment

_OWNER: Final = "CI_TOOLKIT_SERVICES_OWNER"
_ENVIRONMENT: Final = "CI_TOOLKIT_SERVICES_ENVIRONMENT"
_PROVIDER: Final = "CI_TOOLKIT_SERVICES_PROVIDER"
DYNAMIC_PORTS: Final = "CI_TOOLKIT_SERVICES_DYNAMIC_PORTS"


class Handover(Record, frozen=True, kw_only=True):
    """How services are asked for below this run; a person may set the variables as well."""

    owner: int | None = None
    """The process that the services end with; without one, each run of pytest has its own."""
    environment: ServiceEnvironment | None = None
    """Without one: that of what `services up` started in this project, else ``test``."""
    provider: Provider | None = None
    dynamic_ports: bool = False

    def variables(self) -> dict[str, str]:
        """Return what to put into the environment of the test processes."""
        given = {
            _OWNER: "" if self.owner is None else str(self.owner),
            _ENVIRONMENT: self.environment or "",
            _PROVIDER: self.provider or "",
            DYNAMIC_PORTS: "1" if self.dynamic_ports else "",
        }
        return {name: value for name, value in given.items() if value}


def failures_variable(file: Path) -> dict[str, str]:
    """Return the variable by which test processes know the file that takes the failures of their services."""
    return {SERVICES_FAILURES_VARIABLE: str(file)}


def hand_back(failures: Iterable[str], file: str) -> None:
    """Tell the run above this process which services failed: ``file`` is what it named, ``""`` where there is none."""
    if file:
        with Path(file).open("ab") as handle:
            handle.writelines(encode(failure) + b"\n" for failure in failures)


def handed_back(file: Path) -> tuple[str, ...]:
    """Return what the test processes below this run said of their services, each text once."""
    lines = file.read_bytes().splitlines() if file.is_file() else []
    return tuple(dict.fromkeys(map(msgspec.json.Decoder(str).decode, lines)))


def read_handover(variables: Mapping[str, str] = os.environ) -> Handover:
    """Return what ``variables`` say. Raises ConfigurationError naming the one that cannot be used."""
    owner = variables.get(_OWNER, "")
    if owner and not owner.isdigit():
        raise ConfigurationError(
            f"{_OWNER} is {owner!r}", advice="Set it to the id of the process that owns the services."
        )
    environment, provider = variables.get(_ENVIRONMENT, ""), variables.get(_PROVIDER, "")
    _refuse_unknown(_ENVIRONMENT, environment, list(ServiceEnvironment))
    _refuse_unknown(_PROVIDER, provider, list(Provider))
    return Handover(
        owner=int(owner) if owner else None,
        environment=ServiceEnvironment(environment) if environment else None,
        provider=Provider(provider) if provider else None,
        dynamic_ports=variables.get(DYNAMIC_PORTS, "") not in {"", "0", "false"},
    )


def _refuse_unknown(name: str, value: str, known: list[str]) -> None:
    if value and value not in known:
        raise ConfigurationError(f"{name} is {value!r}", advice=nearest(value, known, "values"))
