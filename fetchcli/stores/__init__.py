"""Databases that take the rows of a run."""
