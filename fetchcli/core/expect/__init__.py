"""Parse and compile expectations."""
