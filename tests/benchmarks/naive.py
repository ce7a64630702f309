"""The script that people write first: all tasks at once behind a semaphore."""

import asyncio
import sys
from pathlib import Path

import aiohttp
import uvloop


async def main(listing: list[str], concurrency: int) -> None:
    slots = asyncio.Semaphore(concurrency)

    async def fetch(url: str) -> int:
        async with slots, session.get(url) as response:
            return len(await response.read())

    async with aiohttp.ClientSession() as session:
        await asyncio.gather(*map(fetch, listing), return_exceptions=True)


uvloop.run(main(Path(sys.argv[1]).read_text().splitlines(), int(sys.argv[2])))
