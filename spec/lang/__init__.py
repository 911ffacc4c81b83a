"""The specification language: vocabulary, reader, typed tree, and the tree's meaning in Python."""
