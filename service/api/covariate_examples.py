"""Examples of regressors and events, for the OpenAPI document."""

from service.api.examples import Example

_LAUNCH: Example = {"operation": "add", "size": 300.0}

REGRESSOR_ORDERS: list[Example] = [
    {
        "name": "price per hour",
        "selection": {"accelerator": ["H100"]},
        "values": [
            {"timestamp": "2025-01-01T00:00:00Z", "value": 2.99},
            {"timestamp": "2025-03-01T00:00:00Z", "value": 2.49},
        ],
        "until": "2026-01-01T00:00:00Z",
    },
    {"name": "public holidays", "holidays": {"country": "US", "time_zone": "America/New_York"}},
    {
        "name": "new cluster",
        "selection": {"region": ["eu-west"], "workload": ["training"]},
        "values": [{"timestamp": "2025-06-01T00:00:00Z", "value": 1}],
        "effect": _LAUNCH,
    },
]

REGRESSOR: Example = {
    "id": 1,
    "name": "price per hour",
    "selection": {"accelerator": ["H100"]},
    "created_at": "2025-01-08T07:00:00Z",
    "holidays": "",
    "first": "2025-01-01T00:00:00Z",
    "until": "2026-01-01T00:00:00Z",
    "effect": None,
    "values": [
        {"timestamp": "2025-01-01T00:00:00Z", "value": 2.99},
        {"timestamp": "2025-03-01T00:00:00Z", "value": 2.49},
    ],
}

EVENT_ORDERS: list[Example] = [
    {
        "name": "outage",
        "selection": {"region": ["eu-west"]},
        "start": "2025-01-06T02:00:00Z",
        "end": "2025-01-06T05:00:00Z",
        "note": "a cut cable",
    },
    {
        "name": "launch of a model",
        "selection": {"workload": ["inference"]},
        "start": "2025-02-01T00:00:00Z",
        "effect": _LAUNCH,
    },
]

EVENT: Example = {
    "id": 1,
    "name": "outage",
    "selection": {"region": ["eu-west"]},
    "created_at": "2025-01-08T07:00:00Z",
    "start": "2025-01-06T02:00:00Z",
    "end": "2025-01-06T05:00:00Z",
    "treatment": "mask",
    "effect": None,
    "note": "a cut cable",
}

CALENDAR = (
    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//acme//plan//EN\r\nBEGIN:VEVENT\r\nUID:fair@acme\r\n"
    "DTSTAMP:20250101T000000Z\r\nDTSTART;VALUE=DATE:20250310\r\nDTEND;VALUE=DATE:20250312\r\n"
    "RRULE:FREQ=YEARLY\r\nSUMMARY:Trade fair\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
)
"""One yearly event of two days."""
