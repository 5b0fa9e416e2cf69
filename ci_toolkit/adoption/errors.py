"""Why ci-toolkit cannot be brought into a repository."""

from ci_toolkit.errors import ToolkitError


class AdoptionError(ToolkitError):
    """`ci-toolkit init` cannot read the repository, or must not write into it."""

    slug = "init"


class ServicesImportError(ToolkitError):
    """A compose file cannot be read, or nothing of it can be a row of the table of services."""

    slug = "services-import"
