"""A server without sockets: bytes of frames in, bytes of frames and transactions out. Time comes in as an argument."""
