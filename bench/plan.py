"""How long and how often each thing is measured. The modes differ in nothing else."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """One mode's lengths and sizes; `_s` are whole seconds, because pgbench and wrk take no others."""

    mode: str
    rounds: int
    warm_s: int
    measure_s: int
    # Open connections of the load generator; the best of them is the peak.
    connections: tuple[int, ...] = (64, 256)
    # Clients of pgbench; the best of them is the floor.
    clients: tuple[int, ...] = (8, 16, 32, 64)
    hot_clients: int = 32
    skus: int = 1000
    steady_s: int
    steady_connections: int = 256
    settle_s: int
    history_orders: int
    buyers: int
    buyers_at_once: int = 64
    rush_stock: int
    bill_lines: int
    bill_planted: int
    # Events that are ready to be told, more than can be told in `measure_s`; and how long a provider hangs.
    webhooks: int
    hang_s: int
    # Orders in the shop that is backed up and brought back, and stretches with a backup that have one without beside.
    backup_orders: int
    backup_pairs: int
    # Visits of each page with an empty cache, and looks at each over one connection.
    visits: int
    looks: int


FULL = Plan(
    mode="full",
    rounds=3,
    warm_s=3,
    measure_s=10,
    steady_s=20,
    settle_s=10,
    history_orders=5_000_000,
    buyers=10_000,
    rush_stock=1_000,
    bill_lines=100_000,
    bill_planted=500,
    webhooks=150_000,
    hang_s=60,
    backup_orders=1_000_000,
    backup_pairs=4,
    visits=9,
    looks=500,
)

# A look while developing: the same measurements, too short and with too little history to be quoted.
QUICK = Plan(
    mode="quick",
    rounds=1,
    warm_s=1,
    measure_s=3,
    clients=(16, 32),
    steady_s=5,
    settle_s=3,
    history_orders=200_000,
    buyers=10_000,
    rush_stock=1_000,
    bill_lines=20_000,
    bill_planted=100,
    webhooks=50_000,
    hang_s=20,
    backup_orders=100_000,
    backup_pairs=1,
    visits=3,
    looks=100,
)

# Proves that every measurement runs and counts; its numbers mean nothing.
SMOKE = Plan(
    mode="smoke",
    rounds=1,
    warm_s=0,
    measure_s=1,
    connections=(16,),
    clients=(4,),
    hot_clients=4,
    steady_s=1,
    steady_connections=16,
    settle_s=0,
    history_orders=2_000,
    buyers=400,
    rush_stock=50,
    bill_lines=1_000,
    bill_planted=30,
    webhooks=20_000,
    hang_s=1,
    backup_orders=2_000,
    backup_pairs=1,
    visits=1,
    looks=10,
)
