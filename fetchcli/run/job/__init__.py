"""``--dask``: fetch a list in shards, wherever there is room, and put the results together."""
