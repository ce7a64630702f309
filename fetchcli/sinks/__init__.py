"""Outcomes -> data, one file a format."""
