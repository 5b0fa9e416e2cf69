"""What GitHub Actions takes from ci-toolkit: a plan as the outputs of a step."""
