"""Outside: how the shop reaches others. Only here does it call anybody over the network.

Each file keeps to a protocol that a domain declares; journeys know the protocol and find the object through the
domain's registry, which is filled when a process starts. Nothing here knows the database, so no call can hold a lock.
"""
