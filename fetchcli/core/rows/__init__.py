"""Rows of the output: columns, schema, templates."""
