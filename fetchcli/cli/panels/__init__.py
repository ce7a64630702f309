"""The options, one file a panel."""
