"""Examples of scenarios, for the OpenAPI document."""

from service.api.examples import Example

NAME = "cheaper-inference"

ORDER: Example = {
    "name": NAME,
    "description": "Inference gets more efficient and cheaper, and more of it is asked for.",
    "based_on": [],
    "events": [
        {
            "type": "efficiency_gain",
            "name": "inference-efficiency",
            "provenance": {"text": "Measured on our own serving in March.", "link": "", "confidence": "medium"},
            "selection": {"workload": ["inference"]},
            "middle": {"date": "2025-06-01T00:00:00Z", "shift_days": {"low": -60.0, "mid": 0.0, "high": 180.0}},
            "factor": 2.0,
            "adoption_days": 180.0,
            "rebound": {"low": 0.2, "mid": 0.6, "high": 1.1},
        },
        {
            "type": "price_change",
            "name": "prices-fall",
            "selection": {"workload": ["inference"]},
            "at": "2025-01-08T00:00:00Z",
            "change_of_price": {"low": -0.5, "mid": -0.3, "high": -0.1},
            "elasticity": -0.8,
        },
    ],
}

PARTNER_LEAVES: Example = {
    "name": "partner-leaves",
    "description": "Beside that, a partner takes its training elsewhere, and chips are late.",
    "based_on": [NAME],
    "events": [
        {
            "type": "tenant_leaves",
            "name": "training-leaves",
            "selection": {"workload": ["training"]},
            "at": {"date": "2025-02-01T00:00:00Z", "shift_days": {"low": -10.0, "mid": 0.0, "high": 60.0}},
            "share": {"low": 0.2, "mid": 0.4, "high": 0.7},
            "ramp_days": 90.0,
        },
        {
            "type": "slip",
            "name": "chips-slip",
            "blocks": {"phase": ["lease", "chips"]},
            "days": {"low": 30.0, "mid": 90.0, "high": 180.0},
        },
        {
            "type": "lease_cancelled",
            "name": "talks-end",
            "blocks": {"phase": ["exploratory"]},
            "at": "2025-03-01T00:00:00Z",
        },
    ],
}

ENTRY: Example = {
    **ORDER,
    "version": 2,
    "recorded_at": "2025-01-08T07:00:00Z",
    "recorded_by": "anna",
    "note": "measured again",
}
