"""The document as the check holds answers to it: with no member that it does not name.

Clients get it with answers open, so that a member that a later release adds breaks none of them. A server of this
release that gives a member which the document does not name is a fault all the same: so the check reads the document
with every answer closed.
"""

import copy


def closed(document):
    """A copy in which objects of answers that list their members, and do not say that there are more, are closed."""
    document = copy.deepcopy(document)
    seen = set()

    def close(node):
        if isinstance(node, list):
            for element in node:
                close(element)
        elif isinstance(node, dict):
            reference = node.get("$ref")
            if isinstance(reference, str) and reference not in seen:
                seen.add(reference)
                close(target(document, reference))
            if isinstance(node.get("properties"), dict):
                node.setdefault("additionalProperties", False)
            for key, member in node.items():
                if key not in ("example", "examples"):
                    close(member)

    for item in document["paths"].values():
        for operation in item.values():
            close(operation["responses"])
    return document


def target(document, reference):
    """What a reference such as `#/components/schemas/Camera` names."""
    for part in reference.split("/")[1:]:
        document = document[part.replace("~1", "/").replace("~0", "~")]
    return document
