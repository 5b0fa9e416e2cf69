"""What holds for every test of this repository."""

from hypothesis import HealthCheck, settings

# A busy machine must not fail a test: no property has a time limit for one example, none is too slow to generate.
settings.register_profile("ci-toolkit", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("ci-toolkit")
