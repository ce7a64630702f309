"""The asyncio shell: rows in, outcomes out."""
