"""Quorate: formal verification for ZooKeeper and for protocols like it.

The spec says, the impl does, the traces show, the checker compares: `spec` and `impl` import nothing of ours,
`traces` imports `spec`, `checker` imports all three.
"""

__version__ = "0.1.0"
