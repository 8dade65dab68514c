"""What a learner's process may use: written in course.yaml, held to on both sides of the boundary."""

from pydantic import BaseModel, ConfigDict, Field

#: For a part of course.yaml: a number in quotes is more often a mistake than a number.
STRICT = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


class Limits(BaseModel):
    """What a learner's process may use, for each exercise. Defaults suit a small model on a laptop."""

    model_config = STRICT

    seconds: float = Field(default=20, gt=0, description="wall time of one scenario")
    start_seconds: float = Field(default=120, gt=0, description="wall time to import the libraries and load the model")
    cpu_seconds: int = Field(default=60, ge=1, description="processor time, over all threads")
    memory_mb: int = Field(default=2048, ge=64, description="main memory, with what the bench has loaded")
    processes: int = Field(default=64, ge=1, description="processes and threads")
    open_files: int = Field(default=256, ge=16, description="files open at one time")
    file_mb: int = Field(default=64, ge=0, description="the largest file it may write")
    tmp_mb: int = Field(default=64, ge=0, description="its private temporary directory")
    output_kb: int = Field(default=64, ge=0, description="printed text that is kept")
    result_mb: int = Field(default=64, ge=1, description="the data that a scenario returns")
