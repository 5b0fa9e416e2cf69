"""What the commands plan, shard, merge and run do: each a function that is an ordered list of steps over the rooms."""
