"""What the value of ``--save`` means: a folder, a template, a container, stdout, or one file."""

from enum import StrEnum

import msgspec

from fetchcli.core.errors import UsageError
from fetchcli.core.model.save import Save
from fetchcli.core.object_url import is_object_url, parse_object_prefix, parse_object_url

STDOUT = "-"
FOLDER_TEMPLATE = "{host}/{page}"
NAME_TEMPLATE = "{name}"
PROPOSED_TEMPLATE = "{proposed}"


class Kind(StrEnum):
    """The kinds of destinations."""

    FILES = "files"
    STDOUT = "stdout"
    ZIP = "zip"
    TAR = "tar"
    WARC = "warc"
    OBJECTS = "objects"


CONTAINERS = {".zip": Kind.ZIP, ".tar": Kind.TAR, ".warc": Kind.WARC, ".warc.gz": Kind.WARC}


class Destination(msgspec.Struct, frozen=True, kw_only=True):
    """Where bodies go.

    Attributes:
        kind: what takes them.
        base: the folder, or the path of the container.
        template: names inside it; a text without fields is one file.
        single: it takes one row.
    """

    kind: Kind
    base: str = ""
    template: str = ""
    single: bool = False


def destination_of(save: Save, *, is_folder: bool) -> Destination:
    """The destination that the settings name.

    Args:
        save: the settings.
        is_folder: ``save.to`` is an existing folder.

    Raises:
        UsageError: a template leaves its folder, or the settings make no sense for this destination.
    """
    to = save.to
    if is_object_url(to):
        return _in_store(save)
    if save.remote_name:
        return Destination(kind=Kind.FILES, base=to, template=_name_template(save))
    if to == STDOUT:
        return Destination(kind=Kind.STDOUT)
    if not is_folder and ("{" in to or "}" in to):
        base, template = _split_template(to)
        return Destination(kind=Kind.FILES, base=base, template=template)
    if is_folder or to.endswith("/"):
        return Destination(kind=Kind.FILES, base=to, template=FOLDER_TEMPLATE)
    for extension, kind in CONTAINERS.items():
        if to.lower().endswith(extension):
            return Destination(kind=kind, base=to, template=FOLDER_TEMPLATE)
    base, _, name = to.rpartition("/")
    return Destination(kind=Kind.FILES, base=_folder(to, base), template=_literal(name), single=True)


def _in_store(save: Save) -> Destination:
    """The destination of an address: ``s3://bucket/pages/{sha256}{ext}``."""
    to = save.to
    parse_object_prefix("/".join(to.split("/")[:3]))  # a field cannot name the bucket
    if save.remote_name:
        base, template, single = to, _name_template(save), False
    elif "{" in to or "}" in to:
        base, template = _split_template(to)
        single = False
    elif to.endswith("/"):
        base, template, single = to, FOLDER_TEMPLATE, False
    else:
        parse_object_url(to)
        base, _, name = to.rpartition("/")
        template, single = _literal(name), True
    if any(to.lower().endswith(extension) for extension in CONTAINERS):
        raise UsageError(f"{to}: a container is written to a file; save to a file and copy it to the store")
    parse_object_prefix(base)
    return Destination(kind=Kind.OBJECTS, base=base, template=template, single=single)


def _name_template(save: Save) -> str:
    return PROPOSED_TEMPLATE if save.header_name else NAME_TEMPLATE


def _split_template(text: str) -> tuple[str, str]:
    """The folder before the first field, and the rest."""
    at = min(at for at in (text.find("{"), text.find("}")) if at >= 0)
    base, slash, start = text[:at].rpartition("/")
    template = start + text[at:]
    if ".." in template.split("/"):
        raise UsageError(f"{text!r}: '..' after the first field would leave the folder")
    if template.endswith("/"):
        raise UsageError(f"{text!r}: a template names files, so it cannot end in '/'; write {text}{{name}}")
    return _folder(text, base) if slash else ".", template


def _folder(text: str, base: str) -> str:
    return base or ("/" if text.startswith("/") else ".")


def _literal(name: str) -> str:
    """A name as a template without fields."""
    return name.replace("{", "{{").replace("}", "}}")
