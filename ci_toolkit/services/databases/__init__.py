"""What is done inside a PostgreSQL database: statements, and the team's migrations."""
