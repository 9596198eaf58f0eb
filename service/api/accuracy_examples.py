"""An example of how forecasts turned out, for the OpenAPI document."""

from service.api.examples import Example

ACCURACY: Example = {
    "group": {"workload": "inference", "stretch": "1-24"},
    "unit": "accelerators",
    "outcomes": 4032,
    "spans": 28,
    "loss": 0.42,
    "naive_loss": 0.61,
    "relative_loss": 0.689,
    "coverage_80": 0.812,
    "coverage_80_low": 0.771,
    "coverage_80_high": 0.847,
    "bias": -3.4,
    "bias_percent": -0.66,
    "mean_outcome": 512.5,
}
