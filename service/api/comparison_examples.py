"""Examples of comparisons of scenarios, for the OpenAPI document."""

from service.api import scenario_examples
from service.api.examples import Example

NAME = scenario_examples.NAME

ORDERS: list[Example] = [
    {"scenarios": [{"name": NAME}], "granularity": "hour", "horizon": 24, "quantiles": [0.1, 0.5, 0.9]},
    {"scenarios": [{"name": NAME, "version": 1}], "workload": ["inference"], "counted": "everything"},
    {
        "scenarios": [{"name": NAME}],
        "unit": "accelerator_hours",
        "pool_by": ["region"],
        "cost_short": 9.5,
        "cost_idle": 1.5,
        "slip_correlation": 0.8,
    },
]

_DATES: Example = {"never": 0.0, "already": 1.0, "chance_by": [1.0], "quantiles": {"0.5": "2025-02-01T00:00:00Z"}}
_ROW: Example = {
    "scenario": None,
    "version": None,
    "demand": {
        "inference": {"mean": [150.0], "quantiles": {"0.5": [149.0]}},
        "total": {"mean": [150.0], "quantiles": {"0.5": [149.0]}},
    },
    "inference_passes_training": _DATES,
    "supply": None,
    "outcomes": {"demand": 150.0, "training": 0.0, "inference": 150.0, "crossover": 1.0},
    "difference": None,
    "remarks": [],
}

ANSWER: Example = {
    "granularity": "month",
    "timestamps": ["2025-02-01T00:00:00Z"],
    "counted": "committed",
    "unit": "accelerators",
    "supply_unit": "accelerators",
    "currency": "USD",
    "catalogue": None,
    "rows": [
        _ROW,
        {
            **_ROW,
            "scenario": NAME,
            "version": 2,
            "demand": {
                "inference": {"mean": [120.0], "quantiles": {"0.5": [119.0]}},
                "total": {"mean": [120.0], "quantiles": {"0.5": [119.0]}},
            },
            "outcomes": {"demand": 120.0, "training": 0.0, "inference": 120.0, "crossover": 1.0},
            "difference": {"total": {"mean": [-30.0], "quantiles": {"0.5": [-30.0]}}, "unmet": None, "idle": None},
        },
    ],
    "left_out": [],
}

TORNADO: Example = {
    "scenario": NAME,
    "version": 2,
    "outcome": "demand",
    "unit": "accelerators",
    "middle": 120.0,
    "without": 150.0,
    "bars": [
        {"event": "inference-efficiency", "number": "rebound", "low": 135.0, "high": 97.5, "swing": 37.5},
        {"event": "prices-fall", "number": "occurrence", "low": 150.0, "high": 120.0, "swing": 30.0},
    ],
    "needed": [],
}
