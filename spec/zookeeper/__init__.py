"""ZooKeeper's parts and their properties.

`SPECIFICATIONS` is what the command line knows by name: name -> "module:Class" within this package.
"""

SPECIFICATIONS: dict[str, str] = {
    "zab": "zab:Zab",
    "election": "election:Election",
    "znodes": "znodes:Znodes",
    "sessions": "sessions:Sessions",
    "watches": "watches:Watches",
    "cluster": "cluster:Cluster",
    "zookeeper": "versions.server:ServerSpec",
}
