"""What every YAML file of the workbench is checked against: no unknown keys."""

from pydantic import BaseModel, ConfigDict


class Strict(BaseModel):
    """A mapping whose unknown keys are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True)
