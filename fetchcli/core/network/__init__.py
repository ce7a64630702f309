"""Network rules: addresses, proxies, overrides."""
