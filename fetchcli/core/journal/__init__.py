"""What a results file holds, and what is left to do."""
