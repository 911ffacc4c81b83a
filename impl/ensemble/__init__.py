"""An ensemble without input and output: fast leader election, ZAB, and a world to run nodes in."""
