"""XML that is well-formed whatever somebody wrote."""

from xml.etree import ElementTree as ET


def add(parent: ET.Element, name: str, text: str) -> None:
    """An element with that text. Control characters, which XML can't hold, are left out."""
    ET.SubElement(parent, name).text = "".join(c for c in text if c.isprintable() or c in "\n\t")


def document(root: ET.Element) -> bytes:
    """The whole document, with its declaration."""
    found: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return found
