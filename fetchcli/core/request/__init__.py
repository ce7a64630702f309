"""What is sent besides the URL."""
