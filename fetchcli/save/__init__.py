"""Save bodies: into files, containers, or one after another to stdout."""
