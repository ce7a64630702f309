"""What people see; the only importer of rich."""
