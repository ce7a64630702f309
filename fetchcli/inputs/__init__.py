"""Bytes -> rows, one file a format, lazily."""
