"""Summary, thresholds, rounds and halt condition of a run."""
