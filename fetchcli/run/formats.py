"""The tables of formats, and how an output is named, for whoever names formats to users."""

from fetchcli.inputs.base import DATABASE
from fetchcli.inputs.formats import INPUT_FORMATS
from fetchcli.sinks.formats import OUTPUT_FORMATS, is_address, parse_output

__all__ = ["DATABASE", "INPUT_FORMATS", "OUTPUT_FORMATS", "is_address", "parse_output"]
