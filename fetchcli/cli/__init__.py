"""Options, environment and configuration files -> `Settings`."""
