"""Decide what to launch next, and when."""
