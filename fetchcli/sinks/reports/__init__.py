"""Reports: outcome data as text, one file a format."""
