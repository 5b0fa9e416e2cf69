"""Pure: from a suite, what its history knows and a request to a plan that says which shard runs what."""
