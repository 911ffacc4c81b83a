"""From Python source to the typed tree, or to a refusal that says where, why, and the cure."""
