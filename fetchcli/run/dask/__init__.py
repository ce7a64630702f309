"""Shards on a Dask cluster: the only importer of `distributed`."""
