"""What the supervisor and the plugin both know, and nothing else: the plugin is imported in every run of pytest."""

VARIABLE = "CI_TOOLKIT_TASK"
"""Names the task file, in the environment or in what xdist tells a worker. Taken out at once, so that tests
which run pytest themselves are left alone."""
HASH_SEED = "PYTHONHASHSEED"
"""The variable by which Python orders sets of text. What a set parametrizes must come in one order in all shards."""
SHARD_PLUGIN = "ci-toolkit-shard"
"""The name of the plugin in a pytest process that runs a shard's tests; a process that tests start has none."""
COVERAGE_FILE = "COVERAGE_FILE"
"""The variable by which coverage learns where its data goes: into the bundle, for the process that we measure."""
COVERAGE_OPTION = "--cov"
"""What a shard puts before the suite's own arguments where coverage is asked for."""
