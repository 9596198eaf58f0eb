"""Examples of answers, for the OpenAPI document; they are about one small fleet, as those of questions are."""

from typing import Any

Example = dict[str, Any]

RUN_ID = "6f1c2d34-5a7b-4c8d-9e0f-a1b2c3d4e5f6"

KEY: Example = {
    "provider": "acme",
    "region": "eu-west",
    "accelerator": "H100",
    "workload": "inference",
    "stage": "online",
    "tenant": "search",
}

ROW: Example = {"timestamp": "2025-01-06T00:00:00Z", **KEY, "value": 512.5}

REJECTION: Example = {"line": 7, "column": "value", "value": "-3", "reason": "is negative; demand is zero or more"}

INGEST: Example = {
    "inserted": 46,
    "updated": 1,
    "unchanged": 2,
    "rejected": 1,
    "duplicates": 1,
    "rejections": [REJECTION],
    "new_counts": {"hour": 1},
    "new_series": [{"id": 1, "series": KEY, "unit": "accelerators", "granularity": "hour"}],
}

OBSERVATION: Example = {
    "timestamp": "2025-01-06T00:00:00Z",
    "value": 512.5,
    "recorded_at": "2025-01-08T06:30:00.250000Z",
}

SERIES: Example = {
    "id": 1,
    "series": KEY,
    "unit": "accelerators",
    "granularity": "hour",
    "first": "2025-01-06T00:00:00Z",
    "last": "2025-01-07T23:00:00Z",
    "observations": 48,
}

FINDING: Example = {
    "kind": "gap",
    "start": "2025-01-06T10:00:00Z",
    "buckets": 3,
    "detail": "nothing is known of 3 hours",
}

PARTITION: Example = {"number": 0, "series": 1, "state": "done", "phase": "forecast", "done": 1, "total": 1}

RUN: Example = {
    "id": RUN_ID,
    "kind": "retrain",
    "state": "succeeded",
    "granularity": "hour",
    "horizon": 672,
    "seed": 0,
    "preset": "balanced",
    "selection": {"region": ["eu-west"]},
    "created_at": "2025-01-08T07:00:00Z",
    "started_at": "2025-01-08T07:00:01Z",
    "finished_at": "2025-01-08T07:02:30Z",
    "as_of": "2025-01-08T06:30:00.250000Z",
    "phase": "",
    "error": "",
    "recipe": {"seed": 0, "models": ["seasonal_naive", "profile", "boosting"], "versions": {"numpy": "2.3.1"}},
    "partitions": [PARTITION],
}

RESULT: Example = {
    "series": KEY,
    "series_id": 1,
    "state": "done",
    "model": "ensemble",
    "weights": {"boosting": 0.7, "profile": 0.3},
    "scores": {"ensemble": 0.61, "boosting": 0.63, "profile": 0.7, "seasonal_naive": 1.0},
    "naive_loss": 1.0,
    "coverage_80": 0.79,
    "reason": "",
}

MODEL: Example = {
    "name": "theta",
    "granularity": "hour",
    "description": "The theta method: a trend and smoothing, halved.",
    "across_series": False,
    "champion_of": 1,
}

_QUANTILES = {"0.1": [430.2, 415.8], "0.5": [512.5, 498.1], "0.9": [601.7, 590.4]}

_AHEAD = {"series": 1, "mean": [514.1, 500.3], "quantiles": _QUANTILES}

_WINDOW = {
    "granularity": "hour",
    "start": "2025-01-08T00:00:00Z",
    "timestamps": ["2025-01-08T00:00:00Z", "2025-01-08T01:00:00Z"],
    "measure": "demand",
}

FORECAST: Example = {
    **_WINDOW,
    "quantiles": [0.1, 0.5, 0.9],
    "groups": [{"group": {"region": "eu-west"}, "unit": "accelerators", "inference": _AHEAD, "total": _AHEAD}],
    "sources": [
        {
            "series": KEY,
            "series_id": 1,
            "run_id": RUN_ID,
            "model": "ensemble",
            "weights": {"boosting": 0.7, "profile": 0.3},
            "data_cut_off": "2025-01-07T23:00:00Z",
            "issued_at": "2025-01-08T07:02:30Z",
            "backtest_loss": 0.61,
            "naive_loss": 1.0,
            "coverage_80": 0.79,
            "latent": {"evidence": "limit", "censored_share": 0.12, "recent_share": 0.2, "ceiling": 640.0},
            "reconciled_with": {"granularity": "day", "run_id": RUN_ID},
            "warnings": [],
        }
    ],
    "left_out": [],
}

PATHS: Example = {
    **_WINDOW,
    "groups": [
        {
            "group": {"region": "eu-west"},
            "unit": "accelerators",
            "workloads": {"inference": [[502.3, 488.0], [530.9, 517.2]], "total": [[502.3, 488.0], [530.9, 517.2]]},
        }
    ],
    "left_out": [],
}

LIMIT: Example = {
    "id": 1,
    "selection": {"region": ["eu-west"], "accelerator": ["H100"]},
    "level": 640.0,
    "unit": "accelerators",
    "kind": "capacity",
    "start": "2025-01-01T00:00:00Z",
    "end": "2026-01-01T00:00:00Z",
    "recorded_at": "2025-01-08T06:30:00.250000Z",
}

QUEUES: Example = {"stored": 1}

EXPLANATION: Example = {
    "series": KEY,
    "series_id": 1,
    "unit": "accelerators",
    "catalogue": None,
    "granularity": "hour",
    "run_id": RUN_ID,
    "model": "ensemble",
    "data_cut_off": "2025-01-07T23:00:00Z",
    "issued_at": "2025-01-08T07:02:30Z",
    "timestamps": _WINDOW["timestamps"],
    "quantiles": _QUANTILES,
    "parts": {
        "trend": [500.0, 500.5],
        "seasonal": {"daily": [14.0, -1.0], "weekly": [-2.0, -2.0]},
        "remainder": [0.5, 0.6],
    },
    "stretches": [
        {
            "first": 1,
            "last": 2,
            "weights": {"boosting": 0.7, "profile": 0.3},
            "lower_factor": 0.9,
            "upper_factor": 1.2,
            "widths": "below the median the band is 10 % narrower than the models said and above it 20 % wider than "
            "they said, so that it holds as many outcomes as it promises",
            "past_errors": {"until": 24, "count": 96, "bias": 3.1, "low": -60.2, "high": 71.5},
        }
    ],
    "members": [
        {
            "model": "boosting",
            "description": "Gradient-boosted trees over all series together.",
            "weight": 0.7,
            "backtest_loss": 0.63,
            "quantiles": {"0.1": [431.0, 416.1], "0.5": [515.5, 501.1], "0.9": [590.3, 580.2]},
        },
        {
            "model": "profile",
            "description": "Level by ridge regression on its own past, times a shape within the day or week.",
            "weight": 0.3,
            "backtest_loss": 0.7,
            "quantiles": {"0.1": [402.3, 390.0], "0.5": [505.5, 491.1], "0.9": [575.1, 560.9]},
        },
    ],
    "absent": {"seasonal_naive": "earned no weight: past forecasts were better without it"},
    "scores": {"ensemble": 0.61, "boosting": 0.63, "profile": 0.7, "seasonal_naive": 1.0},
    "backtest_loss": 0.61,
    "naive_loss": 1.0,
    "skill": 0.39,
    "coverage_80": 0.79,
    "warnings": [],
    "remarks": [],
    "untold": [],
}
