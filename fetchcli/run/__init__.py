"""One run: build its objects, run it, and conclude."""
