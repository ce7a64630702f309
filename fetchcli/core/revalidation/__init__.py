"""What an earlier run says about a row, and how that is used: conditional requests, fresh enough rows, changes."""
