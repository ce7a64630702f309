"""HTTP/1.1 responses, parsed without I/O."""
