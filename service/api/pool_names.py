"""What pools and classes of demand are called."""

from typing import Annotated

from pydantic import Field

from demand.tidy import LONGEST_NAME
from service.api.queries import Name

PoolName = Annotated[Name, Field(min_length=1, max_length=2 * LONGEST_NAME + 16)]
"""A region, an accelerator and a workload fit in it."""
