"""Values of options that may hold spaces: in the environment, a line is one of them."""

import click


class _Lines(click.types.StringParamType):
    envvar_list_splitter = "\n"


LINES = _Lines()
