"""Examples of scenarios, for the OpenAPI document."""

from service.api.examples import Example

NAME = "partner-leaves"

ORDER: Example = {
    "name": NAME,
    "description": "A partner takes its training elsewhere, and inference gets more efficient.",
    "based_on": [],
    "events": [
        {
            "type": "tenant_leaves",
            "name": "training-leaves",
            "provenance": {"text": "Said in the call of March.", "link": "", "confidence": "medium"},
            "selection": {"workload": ["training"]},
            "at": {"date": "2025-02-01T00:00:00Z", "shift_days": {"low": -10.0, "mid": 0.0, "high": 60.0}},
            "share": {"low": 0.2, "mid": 0.4, "high": 0.7},
            "ramp_days": 90,
        },
        {
            "type": "efficiency_gain",
            "name": "inference-efficiency",
            "selection": {"workload": ["inference"]},
            "middle": "2025-06-01T00:00:00Z",
            "factor": 2.0,
            "adoption_days": 180,
            "rebound": {"low": 0.2, "mid": 0.6, "high": 1.1},
        },
    ],
}

SUPPLY_ORDER: Example = {
    "name": "chips-late",
    "based_on": [NAME],
    "events": [
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
    "note": "the partner said so again",
    "archived_at": None,
}
