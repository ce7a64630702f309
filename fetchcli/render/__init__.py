"""Everything that people see; the only importer of rich."""
