"""Pure: the verdict as text of a terminal, a job summary, a check run with annotations, and HTML."""
