"""One request -> one response or one failure; the only importer of aiohttp."""
