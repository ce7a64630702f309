"""The reference: a bare aiohttp loop, as many workers as the concurrency, on uvloop."""

import asyncio
import sys
from collections.abc import Iterator
from pathlib import Path

import aiohttp
import uvloop


async def worker(session: aiohttp.ClientSession, urls: Iterator[str]) -> None:
    for url in urls:
        async with session.get(url) as response:
            await response.read()


async def main(listing: list[str], concurrency: int) -> None:
    urls = iter(listing)
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=concurrency)) as session:
        await asyncio.gather(*(worker(session, urls) for _ in range(concurrency)))


uvloop.run(main(Path(sys.argv[1]).read_text().splitlines(), int(sys.argv[2])))
