"""What makes two states the same, in C: renamings of elements, and values that are dead."""
