"""What can go wrong between us and GitHub."""

from ci_toolkit.errors import InfrastructureError


class GitHubError(InfrastructureError):
    """GitHub refused a request, or could not be reached."""

    slug = "github"
