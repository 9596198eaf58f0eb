"""Examples of plans, for the OpenAPI document."""

from service.api.capacity_examples import NAME as BLOCK
from service.api.examples import RUN_ID, Example

ORDERS: list[Example] = [
    {
        "region": ["eu-west"],
        "cost_short": 9.5,
        "cost_idle": 1.5,
        "risk_weight": 0.5,
        "cvar_level": 0.9,
        "budget": 90000000,
        "power_mw": 40,
        "megawatts_each": {"H100": 0.0013},
        "discount_rate": 0.08,
        "time_limit": 30,
        "note": "for the planning round of January",
    },
    {"granularity": "month", "horizon": 24, "counted": "committed", "cost_short": 9.5, "paths": 100},
]

_CANCEL: Example = {"move": "cancel", "months": 0, "words": "cancel"}
_PROCEED: Example = {"move": "proceed", "months": 0, "words": "proceed"}

_ADVICE: Example = {
    "block": BLOCK,
    "action": _PROCEED,
    "decide_by": "2026-09-01T00:00:00Z",
    "value": 1200000.0,
    "alternatives": [
        {
            "action": _CANCEL,
            "regret": 1200000.0,
            "breaks_limit": False,
            "payments": -69500000.0,
            "shortage": 74200000.0,
            "idleness": -3500000.0,
            "others_replanned": True,
            "near_tie": False,
        },
        {
            "action": {"move": "slow", "months": 12, "words": "slow by 12 months"},
            "regret": 20700000.0,
            "breaks_limit": False,
            "payments": 480000.0,
            "shortage": 21000000.0,
            "idleness": -700000.0,
            "others_replanned": False,
            "near_tie": False,
        },
    ],
    "waiting": {"deadline": "2026-10-01T00:00:00Z", "value": 310000.0, "steps_seen": 8, "reason": ""},
    "near_tie": False,
    "why": "To proceed rather than to cancel saves 1.2 million USD of the objective; with all other blocks as planned, "
    "to cancel would mean 69.5 million USD less for payments, 74.2 million USD more for shortage, 3.5 million USD less "
    "for idle capacity.",
    "due": False,
}

COMPARISON: Example = {
    "before": 6,
    "after": 7,
    "objective_difference": -2500000.0,
    "kept": 3,
    "changes": [
        {
            "block": BLOCK,
            "before": _CANCEL,
            "after": _PROCEED,
            "regret": 1200000.0,
            "breaks_limit": False,
            "why": "To cancel would now cost 1.2e+06 more than to proceed. What moved: expected demand of eu H100.",
        }
    ],
    "moved": [{"what": "expected demand of eu H100 training", "before": 1800.0, "after": 2150.0}],
}

SUMMARY: Example = {
    "id": 7,
    "made_at": "2026-01-08T07:00:00Z",
    "made_by": "anna",
    "note": "for the planning round of January",
    "based_on": 6,
    "scenario": "partner-leaves",
    "currency": "USD",
    "objective": 141000000.0,
    "expected": 120000000.0,
    "gap": 0.0004,
    "in_time": True,
    "actions": {"proceed": 3, "cancel": 1},
}

PLAN: Example = {
    "id": 7,
    "made_at": "2026-01-08T07:00:00Z",
    "made_by": "anna",
    "note": "for the planning round of January",
    "based_on": 6,
    "planned_at": "2026-01-08T07:00:00Z",
    "blocks": [_ADVICE],
    "objective": 141000000.0,
    "bound": 140943600.0,
    "gap": 0.0004,
    "in_time": True,
    "costs": {
        "expected": 120000000.0,
        "cvar": 210000000.0,
        "payments": 84000000.0,
        "recourse": 36000000.0,
        "quantiles": {"0.1": 95000000.0, "0.5": 112000000.0, "0.9": 171000000.0},
    },
    "prices": [{"limit": "the budget", "kind": "budget", "saved": 0.31}],
    "closed": [
        {
            "block": BLOCK,
            "kind": "pause",
            "reason": "it could be decided until 2026-01-07, which is before 2026-01-08",
        }
    ],
    "stochastic": {"value": 800000.0, "reason": ""},
    "information": {"value": 5200000.0, "at_most": 5400000.0, "paths": 120, "standard_error": 310000.0},
    "review": {
        "at": "2026-04-08T07:00:00Z",
        "due": ["eu-west lease"],
        "objective": 139000000.0,
        "at_once": 140900000.0,
        "reason": "",
    },
    "comparison": COMPARISON,
    "grounds": {
        "ledger_at": "2026-01-08T07:00:00Z",
        "run_ids": [RUN_ID],
        "catalogue": "2026-11-01",
        "granularity": "month",
        "start": "2026-01-01T00:00:00Z",
        "end": "2028-01-01T00:00:00Z",
        "paths": 200,
        "currency": "USD",
        "unit": "accelerators",
        "pools_version": 1,
        "scenario": "partner-leaves",
        "scenario_version": 1,
        "uncounted": [{"name": "us-east power", "reason": "it is in megawatts, and no power is known for it"}],
        "left_out": [],
        "remarks": [],
    },
    "order": ORDERS[0],
}
