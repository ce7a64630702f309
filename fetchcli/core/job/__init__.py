"""A job: a list that is cut into shards, which are fetched one by one, wherever there is room."""
