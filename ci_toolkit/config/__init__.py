"""Settings, each with where its value came from: flag, environment, pyproject or default."""
