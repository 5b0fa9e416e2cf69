"""Which option needs which extra of this package, checked before anything runs."""

from collections.abc import Callable, Iterator, Mapping
from enum import StrEnum

from ci_toolkit.errors import MissingExtraError


class Extra(StrEnum):
    """An extra that serves single options; pytest would load its plugin in every project, so few should have it."""

    COVERAGE = "coverage"
    SPLIT = "split"
    XDIST = "xdist"

    @property
    def package(self) -> str:
        """The package that the extra installs."""
        return {Extra.COVERAGE: "pytest-cov", Extra.SPLIT: "pytest-split", Extra.XDIST: "pytest-xdist"}[self]


_NEEDED_BY = {
    "algorithm": ("--algorithm", Extra.SPLIT),
    "category_thresholds": ("--category-threshold", Extra.COVERAGE),
    "coverage": ("--coverage", Extra.COVERAGE),
    "coverage_threshold": ("--coverage-threshold", Extra.COVERAGE),
    "diff_threshold": ("--diff-threshold", Extra.COVERAGE),
    "parallel": ("--parallel", Extra.XDIST),
    "workers": ("--workers", Extra.XDIST),
}
"""Parameter of a command that runs pytest to its option, and the extra without which that cannot be used."""
_OWN_ALGORITHM = "files"


def is_installed(package: str) -> bool:
    """Whether ``package`` is installed beside ci-toolkit. A project's folder of that name does not count."""
    from importlib.metadata import PackageNotFoundError, distribution  # nearly no command needs it, and it is dear

    try:
        distribution(package)
    except PackageNotFoundError:
        return False
    return True


def require_extras(given: Mapping[str, object], is_installed: Callable[[str], bool] = is_installed) -> None:
    """Raise MissingExtraError if a parameter in ``given`` needs an extra that is not installed.

    A parameter counts as given if it is neither empty nor false; a threshold of 0 counts.
    """
    for extra, option in needed_extras(given):
        if not is_installed(extra.package):
            raise MissingExtraError(
                f"{option} needs {extra.package}, which is not installed",
                advice=f"Install it: pip install 'ci-toolkit[{extra}]'",
            )


def needed_extras(given: Mapping[str, object]) -> Iterator[tuple[Extra, str]]:
    """Yield each extra that a parameter in ``given`` needs, and the option of that parameter."""
    for parameter, (option, extra) in _NEEDED_BY.items():
        if _is_used(given.get(parameter)):
            yield extra, option


def _is_used(value: object) -> bool:
    return value is not None and value is not False and value not in ((), _OWN_ALGORITHM)
