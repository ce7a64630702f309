"""Lists, results and bodies in object stores; the only importer of obstore."""
