"""What a run as a whole came to."""
