"""What ``ci-toolkit doctor`` looks at: the facts of this machine, and what they mean to a project's settings."""
