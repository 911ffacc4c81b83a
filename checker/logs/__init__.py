"""Transaction logs of real servers as traces of the specification `znodes`: `quorate trace import`."""
