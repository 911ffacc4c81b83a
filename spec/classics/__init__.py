"""Classic protocols: tutorial, benchmark and test material."""
