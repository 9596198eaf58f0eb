"""Query parameters that several resources share."""

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from demand.series import Selection, Workload


def split_commas(value: Any) -> Any:
    """`a,b` and repeated parameters mean the same."""
    if isinstance(value, str):
        value = [value]
    if isinstance(value, list):
        return [part.strip() for entry in value for part in str(entry).split(",")]
    return value


Names = Annotated[list[str], BeforeValidator(split_commas)]


class SelectionQuery(BaseModel):
    """Filters on every dimension; several values of one dimension are alternatives."""

    model_config = ConfigDict(extra="forbid")

    provider: Names = Field(default=[], description="Providers, comma-separated or repeated.")
    region: Names = Field(default=[], description="Regions.")
    accelerator: Names = Field(default=[], description="Accelerators, as named in the data.")
    workload: Annotated[list[Workload], BeforeValidator(split_commas)] = Field(default=[], description="Workloads.")
    stage: Names = Field(default=[], description="Stages within a workload.")
    tenant: Names = Field(default=[], description="Tenants.")

    def selection(self) -> Selection:
        """The part of the fleet that the filters name."""
        return Selection(
            provider=tuple(self.provider),
            region=tuple(self.region),
            accelerator=tuple(self.accelerator),
            workload=tuple(self.workload),
            stage=tuple(self.stage),
            tenant=tuple(self.tenant),
        )
