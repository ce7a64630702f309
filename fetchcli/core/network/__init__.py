"""Where connections may go, and how."""
