"""Examples of what is known of accelerators, for the OpenAPI document."""

from typing import Any

Example = dict[str, Any]

_RESULT = {
    "title": "MLPerf Inference v4.1, NVIDIA DGX H100 (8 H100-SXM-80GB), closed",
    "url": "https://github.com/mlcommons/inference_results_v4.1/tree/main/closed/NVIDIA/results/"
    "DGX-H100_H100-SXM-80GBx8_TRT",
    "date": "2024-08-28",
}

ACCELERATOR: Example = {
    "name": "H100-SXM5-80GB",
    "maker": "NVIDIA",
    "aliases": ["H100", "H100-SXM"],
    "power_watts": {
        "low": 640.0,
        "mid": 640.0,
        "high": 640.0,
        "source": {"title": "capped at our sites", "url": "", "date": "2025-01-08"},
    },
    "tokens_per_second": {"70b": {"low": 2700.7, "mid": 2700.7, "high": 3065.6, "source": _RESULT}},
    "overridden": True,
}

CATALOGUE: Example = {
    "version": "2026-11-24+1",
    "default": {
        "name": "default",
        "maker": "",
        "aliases": [],
        "pue": {
            "low": 1.1,
            "mid": 1.32,
            "high": 1.54,
            "source": {"title": "Uptime Institute Global Data Center Survey 2025", "url": "", "date": "2025-07"},
        },
        "tokens_per_second": {},
        "overridden": False,
    },
    "accelerators": [ACCELERATOR],
}

CAP: Example = {"power_watts": 640, "source": "capped at our sites", "by": "capacity team", "note": "cap since January"}

SITES: Example = {"pue": {"low": 1.1, "mid": 1.15, "high": 1.25}, "tokens_per_second": {"70b": 1900}}

CHANGE: Example = {
    "id": 1,
    "name": "H100-SXM5-80GB",
    "changed_at": "2025-01-08T06:30:00.250000Z",
    "changed_by": "capacity team",
    "note": "cap since January",
    "override": {**ACCELERATOR, "maker": "", "aliases": [], "tokens_per_second": {}},
}
