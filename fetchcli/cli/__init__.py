"""Flags, environment and checks before the first request -> `Settings`."""
