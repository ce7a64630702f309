"""The hop transport over aiohttp; the only client use of aiohttp, and the only user of its private parts."""
