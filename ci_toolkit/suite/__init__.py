"""The only room that knows pytest: finds the suite, runs one shard, writes the journal."""
