"""The application itself."""
