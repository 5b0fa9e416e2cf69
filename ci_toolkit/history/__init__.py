"""Keeps the durations and outcomes of past runs, and says what each test of a suite is expected to take."""
