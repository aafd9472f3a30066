"""What ``docs/openapi.json`` says of a text beside its being one. Free at run time: no check hangs on it, and pydantic
is not imported for it, so that answers can say it too."""

from typing import Annotated, Any


class Told:
    """Keywords of JSON Schema, in ``Annotated[str, Told(format="date")]``."""

    __slots__ = ("keywords",)

    def __init__(self, **keywords: Any) -> None:
        self.keywords = keywords

    def __get_pydantic_json_schema__(self, core: Any, handler: Any) -> dict[str, Any]:
        return {**handler(core), **self.keywords}


Day = Annotated[str, Told(format="date")]
"""A day in Buenos Aires."""
Instant = Annotated[str, Told(format="date-time", pattern="Z$")]
"""An instant in UTC."""
Money = Annotated[str, Told(pattern=r"^-?[0-9]+\.[0-9]{2}$")]
"""Pesos, or another currency that stands beside it, with two decimals."""
Cuit = Annotated[str, Told(pattern="^[0-9]{11}$")]
