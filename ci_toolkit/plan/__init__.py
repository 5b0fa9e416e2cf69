"""Pure: from history to estimates, balance, sizing and the matrix."""
