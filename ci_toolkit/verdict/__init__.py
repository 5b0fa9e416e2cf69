"""Pure: the one answer on a merged run, by gates; what ends a run early; what a failure is worth."""
