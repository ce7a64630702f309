"""Names of saved bodies: from URLs, responses and templates to names that every system takes."""
