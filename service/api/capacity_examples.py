"""Examples of blocks, their changes and pools, for the OpenAPI document."""

from service.api.examples import Example

NAME = "eu-west H100 phase 2"

BLOCK_ORDER: Example = {
    "name": NAME,
    "quantity": 2048,
    "unit": "accelerators",
    "online": "2027-03-01T00:00:00Z",
    "provider": "acme",
    "region": "eu-west",
    "accelerator": "H100",
    "phase": "shell",
    "state": "pending",
    "slip_days": {"p10": 0, "p50": 30, "p90": 150},
    "conversion": 0.9,
    "end": "2032-03-01T00:00:00Z",
    "milestones": {
        "land": {"completes": "2026-01-15T00:00:00Z", "cost": 4000000},
        "power": {"completes": "2026-11-01T00:00:00Z", "cost": 9000000},
        "chips": {"completes": "2027-02-01T00:00:00Z", "cost": 61000000},
    },
    "running_cost_per_month": 1200000,
    "currency": "USD",
    "after": [],
    "ways_out": [
        {
            "kind": "cancel",
            "until": "2026-09-01T00:00:00Z",
            "charge": 500000,
            "refund": 0,
            "charge_per_month": 0,
            "months": 0,
        },
        {
            "kind": "slow",
            "until": "2026-10-01T00:00:00Z",
            "charge": 0,
            "refund": 0,
            "charge_per_month": 40000,
            "months": 12,
        },
    ],
    "first_refusal": {"until": "2026-12-01T00:00:00Z", "quantity": 512, "price": 15000000, "lead_days": 90},
    "notes": "the second hall of the campus",
    "source": "contract 17, signed 2025-11-03",
}

BLOCK_ORDERS: list[Example] = [
    BLOCK_ORDER,
    {
        "name": "us-east power",
        "quantity": 48,
        "unit": "megawatts",
        "online": "2028-06-01T00:00:00Z",
        "region": "us-east",
        "phase": "exploratory",
        "conversion": 0.5,
    },
]

BLOCK: Example = {
    **BLOCK_ORDER,
    "ways_out": [{**way, "available": True} for way in BLOCK_ORDER["ways_out"]],
    "first_refusal": {**BLOCK_ORDER["first_refusal"], "available": True},
    "version": 3,
    "changed_at": "2026-01-08T07:00:00Z",
    "changed_by": "anna",
}

PATCHES: list[Example] = [
    {"state": "active"},
    {"online": "2027-06-01T00:00:00Z", "slip_days": {"p10": 0, "p50": 60, "p90": 200}},
    {"first_refusal": None},
]

CHANGE: Example = {
    "id": 41,
    "version": 3,
    "changed_at": "2026-01-08T07:00:00Z",
    "changed_by": "anna",
    "note": "the supplier told us of a delay",
    "outcome": "changed",
    "fields": ["online"],
    "before": {**BLOCK_ORDER, "online": "2027-02-15T00:00:00Z"},
    "after": BLOCK_ORDER,
}

CSV = (
    "name,quantity,unit,online,region,accelerator,phase,state,slip_p10,slip_p50,slip_p90,cancel_until,cancel_charge\n"
    "eu-west H100 phase 3,1024,accelerators,2027-09-01,eu-west,H100,land,proposed,0,30,150,2026-12-01,250000\n"
)
"""One block; columns that are left out are as where nothing is known."""

IMPORT: Example = {
    "dry_run": False,
    "created": 1,
    "changed": 1,
    "unchanged": 1,
    "blocks": [
        {"line": 2, "name": "eu-west H100 phase 3", "outcome": "created", "fields": []},
        {"line": 3, "name": NAME, "outcome": "changed", "fields": ["online", "slip_days"]},
        {"line": 4, "name": "us-east power", "outcome": "unchanged", "fields": []},
    ],
}

POOLS_ORDER: Example = {
    "pools": [
        {"name": "eu H100", "regions": ["eu-west", "eu-north"], "accelerators": ["H100"], "rate": 1.0},
        {"name": "us B200", "regions": ["us-east"], "accelerators": ["B200"], "rate": 2.2},
    ],
    "classes": [
        {
            "name": "training in the eu",
            "home": "eu H100",
            "workload": "training",
            "elsewhere": [],
            "priority": 0,
            "cost_short": 4.0,
        },
        {
            "name": "inference in the us",
            "home": "us B200",
            "workload": "inference",
            "elsewhere": ["eu H100"],
            "priority": 1,
            "cost_short": 9.5,
        },
    ],
    "cost_idle": {"eu H100": 1.4, "us B200": 2.1},
    "unit": "accelerators",
}

POOLS: Example = {
    **POOLS_ORDER,
    "version": 1,
    "changed_at": "2026-01-08T07:00:00Z",
    "changed_by": "anna",
    "note": "as agreed in the planning round",
}
