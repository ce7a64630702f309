"""URLs: parsing and globbing."""
