"""Finds the tests and runs one shard of them; knows pytest, as what users import in their tests does."""
