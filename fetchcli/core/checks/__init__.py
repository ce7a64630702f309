"""Judge responses by what was expected."""
