"""The court: judges each failure of a run by trials that it asks for, and remembers what it has seen."""
