"""A PostgreSQL of our own in a data folder, so that one command is enough to have a shop."""

from .account import AccountMissing
from .cluster import (
    Cluster,
    ClusterExists,
    OtherVersion,
    Unreachable,
    command,
    is_ready,
    prepare,
    settle,
    shop_url,
    superuser_url,
    url,
)
from .create import CreationFailed, adopt, dress, set_passwords
from .place import ClusterElsewhere, NoCluster, has_cluster, home_of, note_folder, note_moved
from .postmaster import StillRunning
from .programs import ProgramsMissing, find_programs
from .roles import SHOP_ROLE, VISITOR_ROLE, make_shop_roles, make_visitor_role
from .running import NotReady, running, stop, wait_ready

__all__ = [
    "SHOP_ROLE",
    "VISITOR_ROLE",
    "AccountMissing",
    "Cluster",
    "ClusterElsewhere",
    "ClusterExists",
    "CreationFailed",
    "NoCluster",
    "NotReady",
    "OtherVersion",
    "ProgramsMissing",
    "StillRunning",
    "Unreachable",
    "adopt",
    "command",
    "dress",
    "find_programs",
    "has_cluster",
    "home_of",
    "is_ready",
    "make_shop_roles",
    "make_visitor_role",
    "note_folder",
    "note_moved",
    "prepare",
    "running",
    "set_passwords",
    "settle",
    "shop_url",
    "stop",
    "superuser_url",
    "url",
    "wait_ready",
]
