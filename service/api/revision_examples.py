"""An example of changes of view, for the OpenAPI document."""

from service.api.examples import RUN_ID, Example

_SEEN: Example = {
    "mean": [[520.0], [548.5]],
    "quantiles": {"0.1": [[450.0], [489.0]], "0.5": [[518.0], [547.0]], "0.9": [[592.0], [610.0]]},
    "change": {
        "mean": [[None], [28.5]],
        "quantiles": {"0.1": [[None], [39.0]], "0.5": [[None], [29.0]], "0.9": [[None], [18.0]]},
    },
    "actual": [551.0],
}


def _issue(day: int) -> Example:
    return {
        "issued_at": f"2025-01-{day:02d}T07:02:30Z",
        "start": f"2025-01-{day:02d}T00:00:00Z",
        "data_cut_off": f"2025-01-{day - 1:02d}T00:00:00Z",
        "run_ids": [RUN_ID],
        "series": 1,
    }


REVISIONS: Example = {
    "granularity": "day",
    "timestamps": ["2025-03-01T00:00:00Z"],
    "measure": "demand",
    "quantiles": [0.1, 0.5, 0.9],
    "issues": [_issue(8), _issue(15)],
    "groups": [{"group": {"region": "eu-west"}, "unit": "accelerators", "inference": _SEEN, "total": _SEEN}],
}
