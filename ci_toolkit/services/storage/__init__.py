"""Where sessions keep files: the registry, the servers' data, the cache of snapshots."""
