"""Processes that send the requests of a run: ``--processes``."""
