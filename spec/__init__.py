"""What must hold: the specification language and the specifications written in it."""
