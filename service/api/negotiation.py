"""Which of several media types an `Accept` header asks for (RFC 9110, section 12.5.1)."""

from collections.abc import Sequence

JSON = "application/json"
CSV = "text/csv"
PARQUET = "application/vnd.apache.parquet"
HTML = "text/html"


def prefers(accept: str, media_type: str, over: str = JSON) -> bool:
    """Whether the header wants one media type rather than the other, which is what one gets who asks for neither."""
    return preferred(accept, (over, media_type)) == media_type


def preferred(accept: str, offered: Sequence[str]) -> str:
    """The media type that the header wants most; of those it wants alike, and if it wants none, the first."""
    return max(offered, key=lambda media_type: _quality(accept, media_type))


def _quality(accept: str, media_type: str) -> float:
    """The weight of a media type by the most specific range that covers it; 0 if none does."""
    ranges = {media_type: 2, f"{media_type.partition('/')[0]}/*": 1, "*/*": 0}
    found = (-1, 0.0)
    for entry in accept.lower().split(","):
        name, *parameters = (part.strip() for part in entry.split(";"))
        if name in ranges:
            found = max(found, (ranges[name], _weight(parameters)))
    return found[1]


def _weight(parameters: list[str]) -> float:
    weights = [parameter[2:] for parameter in parameters if parameter.startswith("q=")]
    try:
        return float(weights[0]) if weights else 1.0
    except ValueError:
        return 0.0
