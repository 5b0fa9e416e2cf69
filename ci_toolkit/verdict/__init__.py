"""Pure: gates, and the judgement of failures."""
