"""Values and decisions, without I/O: no clock, files, sockets or screen."""
