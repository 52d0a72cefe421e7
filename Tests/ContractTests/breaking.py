"""What of the OpenAPI document breaks clients that were written against an older one.

A client breaks where a request that it may send is refused, or where an answer is not what it was told. So for requests
the new schema must allow all that the old one allowed, and for answers the other way about: both are the question
whether one schema allows all that another one allows (`gaps`). New operations, new optional members of requests, new
members of answers and other words break nothing.

usage: breaking.py OLD NEW DECLARED
  OLD, NEW  folders of fragments, as in openapi/
  DECLARED  a file with the breaks that are meant, as they are printed, a line each; `#` begins a comment
"""

import json
import pathlib
import sys

METHODS = ("get", "put", "post", "delete", "patch")
LOWER = ("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties")
UPPER = ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties")


def load(folder):
    """The fragments of a folder as one document."""
    document = {"paths": {}, "components": {}}
    for file in sorted(pathlib.Path(folder).glob("*.json")):
        fragment = json.loads(file.read_text())
        for path, item in fragment.get("paths", {}).items():
            document["paths"].setdefault(path, {}).update(item)
        for kind, named in fragment.get("components", {}).items():
            document["components"].setdefault(kind, {}).update(named)
    return document


def resolved(value, document):
    """What a reference leads to, or the value itself."""
    while isinstance(value, dict) and "$ref" in value:
        target = document
        for name in value["$ref"].removeprefix("#/").split("/"):
            target = target.get(name, {})
        value = target
    return value if isinstance(value, dict) else {}


class Side:
    """A schema with the document that its references lead into."""

    def __init__(self, schema, document):
        self.identity = schema.get("$ref") or id(schema) if isinstance(schema, dict) else id(schema)
        self.schema, self.document = resolved(schema, document), document
        for part in self.schema.get("allOf", []):
            part = Side(part, document).schema
            merged = {**part, **{key: value for key, value in self.schema.items() if key != "allOf"}}
            merged["properties"] = {**part.get("properties", {}), **self.schema.get("properties", {})}
            merged["required"] = list({*part.get("required", []), *self.schema.get("required", [])})
            self.schema = merged

    def of(self, schema):
        return Side(schema, self.document)

    def __getitem__(self, key):
        return self.schema.get(key)

    @property
    def alternatives(self):
        return [self.of(each) for each in self["oneOf"] or self["anyOf"] or []]

    @property
    def types(self):
        types = self["type"]
        if types is None:
            return None
        return {types} if isinstance(types, str) else set(types)

    @property
    def values(self):
        values = [self["const"]] if "const" in self.schema else self["enum"]
        return None if values is None else {json.dumps(value) for value in values}


def gaps(sub, sup, where="", seen=frozenset()):
    """What the schema `sub` allows and `sup` does not: each a place and a reason; none where `sup` allows it all."""
    pair = (sub.identity, sup.identity)
    if pair in seen:
        return []
    seen = seen | {pair}
    if sub.alternatives or sup.alternatives:
        found, ones, others = [], sub.alternatives or [sub], sup.alternatives or [sup]
        for number, one in enumerate(ones):
            misses = [gaps(one, other, where, seen) for other in others]
            if not all(misses):
                continue
            if len(ones) == 1 or len(others) == 1:
                found += min(misses, key=len)  # the one that comes nearest says best what is missing
            else:
                found.append((where, f"alternative {number + 1} fits none"))
        return found
    if sub.types and sup.types and not sub.types & sup.types and not {*sub.types, *sup.types} >= {"integer", "number"}:
        return list(kinds(sub, sup, where))
    return [*kinds(sub, sup, where), *bounds(sub, sup, where), *members(sub, sup, where, seen),
            *elements(sub, sup, where, seen)]


def kinds(sub, sup, where):
    if sup.types is not None:
        allowed = sup.types | ({"integer"} if "number" in sup.types else set())
        for extra in sorted((sub.types or {"anything"}) - allowed):
            yield where, f"type {extra}"
    if sup.values is not None:
        if sub.values is None:
            yield where, "values beside " + ", ".join(sorted(sup.values))
        else:
            for extra in sorted(sub.values - sup.values):
                yield where, f"value {extra}"
    for key in ("pattern", "format"):
        if sup[key] is not None and sup[key] != sub[key]:
            yield where, f"not of this {key}"


def bounds(sub, sup, where):
    for key in LOWER:
        if sup[key] is not None and (sub[key] is None or sub[key] < sup[key]):
            yield where, f"{key} {sub[key]}, not {sup[key]}"
    for key in UPPER:
        if sup[key] is not None and (sub[key] is None or sub[key] > sup[key]):
            yield where, f"{key} {sub[key]}, not {sup[key]}"


def members(sub, sup, where, seen):
    ours, theirs = sub["properties"] or {}, sup["properties"] or {}
    for name in sorted(set(sup["required"] or []) - set(sub["required"] or [])):
        yield f"{where}/{name}", "left out"
    for name, needed in sorted((sup["dependentRequired"] or {}).items()):
        for other in sorted(set(needed) - set((sub["dependentRequired"] or {}).get(name, []))):
            yield f"{where}/{other}", f"left out beside {name}"
    for name in sorted(ours):
        if name in theirs:
            yield from gaps(sub.of(ours[name]), sup.of(theirs[name]), f"{where}/{name}", seen)
        elif sup["additionalProperties"] is False:
            yield f"{where}/{name}", "given"


def elements(sub, sup, where, seen):
    if isinstance(sub["items"], dict) and isinstance(sup["items"], dict):
        yield from gaps(sub.of(sub["items"]), sup.of(sup["items"]), f"{where}/*", seen)
    for index, (one, other) in enumerate(zip(sub["prefixItems"] or [], sup["prefixItems"] or [])):
        yield from gaps(sub.of(one), sup.of(other), f"{where}/{index}", seen)


def parameters(operation, item, document):
    all_of_them = [resolved(each, document) for each in [*item.get("parameters", []), *operation.get("parameters", [])]]
    return {(each["in"], each["name"]): each for each in all_of_them}


def contents(part, document):
    return resolved(part, document).get("content", {})


def breaks(old, new):
    """Each break as a line: the operation, the place, and what is no longer as it was."""
    for path, item in sorted(old["paths"].items()):
        for method in METHODS:
            if method not in item:
                continue
            name = f"{method.upper()} {path}"
            other = new["paths"].get(path, {})
            if method not in other:
                yield f"{name}: is gone"
                continue
            for line in operation_breaks(item, other, method, old, new):
                yield f"{name}: {line}"


def operation_breaks(old_item, new_item, method, old, new):
    before, after = old_item[method], new_item[method]
    if before.get("operationId") != after.get("operationId"):
        yield f"operationId is {after.get('operationId')}, not {before.get('operationId')}"
    ours, theirs = parameters(before, old_item, old), parameters(after, new_item, new)
    for (place, name), parameter in sorted(ours.items()):
        found = theirs.get((place, name))
        if found is None:
            yield f"{place} {name} is refused"
            continue
        if found.get("required") and not parameter.get("required"):
            yield f"{place} {name} is required"
        for at, reason in gaps(Side(parameter.get("schema", {}), old), Side(found.get("schema", {}), new)):
            yield f"{place} {name}{at} is refused: {reason}"
    for (place, name), parameter in sorted(theirs.items()):
        if (place, name) not in ours and parameter.get("required"):
            yield f"{place} {name} is required"
    yield from body_breaks(before.get("requestBody"), after.get("requestBody"), old, new)
    for status, answer in sorted(before.get("responses", {}).items()):
        if status not in after.get("responses", {}):
            yield f"{status} is gone"
            continue
        given = contents(after["responses"][status], new)
        for kind, part in contents(answer, old).items():
            if kind not in given:
                yield f"{status} {kind} is gone"
                continue
            for at, reason in gaps(Side(given[kind].get("schema", {}), new), Side(part.get("schema", {}), old)):
                yield f"{status} {at or '/'} is other than before: {reason}"
    for status in sorted(set(after.get("responses", {})) - set(before.get("responses", {}))):
        if status.startswith("2"):
            yield f"{status} is new"


def body_breaks(before, after, old, new):
    before, after = resolved(before, old), resolved(after, new)
    if after.get("required") and not before.get("required"):
        yield "a body is required"
    for kind, part in before.get("content", {}).items():
        if kind not in after.get("content", {}):
            yield f"body {kind} is refused"
            continue
        taken = after["content"][kind].get("schema", {})
        for at, reason in gaps(Side(part.get("schema", {}), old), Side(taken, new)):
            yield f"body {at or '/'} is refused: {reason}"


def declared(text):
    lines = (line.split("#", 1)[0].strip() for line in text.splitlines())
    return [line for line in lines if line]


def main(old, new, declaration):
    found = list(dict.fromkeys(breaks(load(old), load(new))))
    meant = declared(pathlib.Path(declaration).read_text())
    undeclared = [line for line in found if line not in meant]
    stale = [line for line in meant if line not in found]
    for line in undeclared:
        print(f"breaks clients: {line}")
    for line in stale:
        print(f"is declared and not so: {line}")
    return 1 if undeclared or stale else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
