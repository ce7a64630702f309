"""The data that every report is made of."""
