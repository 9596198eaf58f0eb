"""Examples of answers about demand against supply, for the OpenAPI document."""

from service.api.examples import Example

_TIMES = ["2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z"]

_FIRST: Example = {
    "never": 0.35,
    "already": 0.1,
    "chance_by": [0.1, 0.65],
    "quantiles": {"0.1": "2026-01-01T00:00:00Z", "0.5": "2026-02-01T00:00:00Z", "0.9": None},
}

_DEMAND: Example = {
    "mean": [480.0, 530.0],
    "quantiles": {"0.1": [430.0, 455.0], "0.5": [478.0, 524.0], "0.9": [533.0, 611.0]},
}

_UNMET: Example = {"mean": [2.1, 38.4], "quantiles": {"0.1": [0.0, 0.0], "0.5": [0.0, 12.0], "0.9": [13.0, 99.0]}}

_IDLE: Example = {"mean": [42.1, 20.4], "quantiles": {"0.1": [0.0, 0.0], "0.5": [34.0, 0.0], "0.9": [90.0, 65.0]}}

_COST_SHORT: Example = {
    "mean": [14800.0, 245000.0],
    "quantiles": {"0.1": [0.0, 0.0], "0.5": [0.0, 76600.0], "0.9": [91900.0, 632000.0]},
}

_COST_IDLE: Example = {
    "mean": [47000.0, 20600.0],
    "quantiles": {"0.1": [0.0, 0.0], "0.5": [37900.0, 0.0], "0.9": [100000.0, 65500.0]},
}

_SUPPLY: Example = {
    "supply": [520.0, 512.0],
    "chance_short": [0.1, 0.62],
    "unmet": _UNMET,
    "idle": _IDLE,
    "utilization": [0.92, 0.96],
    "headroom": [-21.0, -140.0],
    "cost_short": _COST_SHORT,
    "cost_idle": _COST_IDLE,
    "total_cost": {"mean": 357000.0, "quantiles": {"0.1": 98000.0, "0.5": 270000.0, "0.9": 741000.0}},
    "first_breach": _FIRST,
    "classes": [
        {
            "name": "eu-west H100 inference",
            "workload": "inference",
            "demand": [480.0, 530.0],
            "chance_short": [0.1, 0.62],
            "unmet": _UNMET,
            "cost_short": _COST_SHORT,
            "first_breach": _FIRST,
        }
    ],
}

OUTLOOK: Example = {
    "granularity": "month",
    "start": _TIMES[0],
    "timestamps": _TIMES,
    "measure": "demand",
    "unit": "accelerators",
    "supply_unit": "accelerators",
    "catalogue": None,
    "as_of": None,
    "currency": "USD",
    "pools_version": 0,
    "paths": 500,
    "quantiles": [0.1, 0.5, 0.9],
    "service_level": 0.95,
    "sustained": 1,
    "pools": [
        {
            "pool": "eu-west H100",
            "regions": ["eu-west"],
            "accelerators": ["H100"],
            "demand": _DEMAND,
            "target": {"supply": [533.0, 611.0], "cost": [61000.0, 98000.0]},
            "live": _SUPPLY,
            "committed": _SUPPLY,
            "everything": _SUPPLY,
        }
    ],
    "uncounted": {
        "live": [],
        "committed": [{"name": "hall 2", "reason": "it waits for 'substation', which is not counted"}],
        "everything": [],
    },
    "unplaced": [],
    "left_out": [],
    "remarks": [],
}

CROSSOVER: Example = {
    "granularity": "month",
    "start": _TIMES[0],
    "timestamps": _TIMES,
    "measure": "demand",
    "unit": "accelerators",
    "catalogue": None,
    "paths": 500,
    "quantiles": [0.1, 0.5, 0.9],
    "groups": [
        {
            "group": {"region": "eu-west"},
            "series": {"training": 2, "inference": 5, "unattributed": 0},
            "passes": _FIRST,
            "ahead": [0.12, 0.65],
            "share": {
                "mean": [0.44, 0.52],
                "quantiles": {"0.1": [0.37, 0.41], "0.5": [0.44, 0.52], "0.9": [0.51, 0.62]},
            },
        }
    ],
    "left_out": [],
}
