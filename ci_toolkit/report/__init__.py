"""Pure: the verdict as terminal text, job summary and HTML."""
