"""Bytes -> rows, lazily, one file a format."""
