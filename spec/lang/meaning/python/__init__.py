"""Python source from the tree: expressions, statements, actions, and the tables and checks that the source uses."""
