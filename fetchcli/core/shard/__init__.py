"""Parts of a list: which rows belong to which, and what is kept about each."""
