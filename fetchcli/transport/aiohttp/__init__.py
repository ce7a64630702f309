"""The hop transport over aiohttp; the only importer of aiohttp and of its private parts."""
