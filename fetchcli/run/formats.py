"""The tables of formats, for whoever names formats to users."""

from fetchcli.inputs.formats import INPUT_FORMATS
from fetchcli.sinks.formats import OUTPUT_FORMATS

__all__ = ["INPUT_FORMATS", "OUTPUT_FORMATS"]
