"""The public suffix list: domains under which anybody may register names."""

from functools import lru_cache
from typing import Any


@lru_cache(maxsize=4096)
def is_public_suffix(domain: str) -> bool:
    """Whether no cookie may be set for a domain and what is below it."""
    return bool(_public_suffixes().is_public(domain))


@lru_cache(maxsize=1)
def _public_suffixes() -> Any:
    from publicsuffixlist import PublicSuffixList  # 0.1 s that runs without such cookies do not need

    return PublicSuffixList()
