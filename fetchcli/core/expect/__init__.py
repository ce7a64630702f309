"""What responses are expected to be."""
