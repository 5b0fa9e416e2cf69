"""What GitHub is told: outputs of a step, check runs, the job summary; and the client of its API."""
