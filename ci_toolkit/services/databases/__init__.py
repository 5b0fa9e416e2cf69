"""Work on a PostgreSQL database: a connection, quoting, and the team's migrations."""
