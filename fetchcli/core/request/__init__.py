"""Requests: method, headers, content, credentials."""
