"""One request -> one response or one failure."""
