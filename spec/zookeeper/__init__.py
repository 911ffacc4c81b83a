"""Specifications of ZooKeeper's parts."""
