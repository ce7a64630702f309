"""fetchcli for Python programs."""
