"""Compare a run with earlier results."""
