"""curl command lines: read and write."""
