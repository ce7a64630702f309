"""The pure heart: values and decisions, without a clock, a file, a socket or a screen."""
