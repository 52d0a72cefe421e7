"""What breaks a client, and what does not. Run by tools/api-changes before it compares."""

import copy
import pathlib
import tempfile
import unittest

import breaking

FORM = {
    "type": "object", "additionalProperties": False, "required": ["name"],
    "properties": {
        "name": {"type": "string", "minLength": 2, "maxLength": 255},
        "kind": {"type": ["string", "null"], "enum": ["rtsp", "http", None]},
        "lines": {"type": "array", "maxItems": 10, "items": {"$ref": "#/components/schemas/Line"}},
    },
}
ANSWER = {
    "type": "object", "required": ["id", "name"],
    "properties": {"id": {"type": "integer"}, "name": {"type": "string"}, "note": {"type": "string"}},
}
LINE = {"type": "object", "required": ["at"], "properties": {"at": {"type": "number", "minimum": 0}}}
DOCUMENT = {
    "paths": {
        "/cameras": {
            "get": {
                "operationId": "listCameras",
                "parameters": [{"name": "limit", "in": "query", "schema": {"type": "integer", "maximum": 100}}],
                "responses": {"200": {"content": {"application/json": {"schema": {
                    "type": "array", "items": {"$ref": "#/components/schemas/Camera"}}}}}},
            },
            "post": {
                "operationId": "registerCamera",
                "requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Form"}}}},
                "responses": {"201": {"content": {"application/json": {"schema": {
                    "$ref": "#/components/schemas/Camera"}}}}},
            },
        }
    },
    "components": {"schemas": {"Form": FORM, "Camera": ANSWER, "Line": LINE}},
}


def change(edit):
    """The lines for a document that was edited."""
    new = copy.deepcopy(DOCUMENT)
    edit(new)
    return list(breaking.breaks(DOCUMENT, new))


def form(new):
    return new["components"]["schemas"]["Form"]


def camera(new):
    return new["components"]["schemas"]["Camera"]


class Breaking(unittest.TestCase):
    def assertBreaks(self, edit, *lines):
        self.assertEqual(change(edit), list(lines))

    def test_nothing_changed(self):
        self.assertBreaks(lambda new: None)

    def test_an_operation_is_gone(self):
        self.assertBreaks(lambda new: new["paths"]["/cameras"].pop("get"), "GET /cameras: is gone")

    def test_an_operation_has_another_name(self):
        self.assertBreaks(
            lambda new: new["paths"]["/cameras"]["get"].update(operationId="cameras"),
            "GET /cameras: operationId is cameras, not listCameras")

    def test_parameters(self):
        get = lambda new: new["paths"]["/cameras"]["get"]
        self.assertBreaks(lambda new: get(new)["parameters"].clear(), "GET /cameras: query limit is refused")
        self.assertBreaks(
            lambda new: get(new)["parameters"][0].update(required=True), "GET /cameras: query limit is required")
        self.assertBreaks(
            lambda new: get(new)["parameters"][0]["schema"].update(maximum=50),
            "GET /cameras: query limit is refused: maximum 100, not 50")
        self.assertBreaks(lambda new: get(new)["parameters"][0]["schema"].update(maximum=500))
        more = {"name": "sort", "in": "query", "schema": {"type": "string"}}
        self.assertBreaks(lambda new: get(new)["parameters"].append(more))
        self.assertBreaks(
            lambda new: get(new)["parameters"].append({**more, "required": True}),
            "GET /cameras: query sort is required")

    def test_a_request_may_say_less(self):
        self.assertBreaks(
            lambda new: form(new)["properties"].pop("kind"), "POST /cameras: body /kind is refused: given")
        self.assertBreaks(
            lambda new: form(new)["required"].append("kind"), "POST /cameras: body /kind is refused: left out")
        self.assertBreaks(
            lambda new: form(new)["properties"]["name"].update(minLength=3),
            "POST /cameras: body /name is refused: minLength 2, not 3")
        self.assertBreaks(
            lambda new: form(new)["properties"]["name"].update(pattern="^a"),
            "POST /cameras: body /name is refused: not of this pattern")
        self.assertBreaks(
            lambda new: form(new)["properties"]["kind"].update(enum=["rtsp", None]),
            'POST /cameras: body /kind is refused: value "http"')
        self.assertBreaks(
            lambda new: form(new)["properties"]["kind"].update(type="string"),
            "POST /cameras: body /kind is refused: type null")
        self.assertBreaks(
            lambda new: new["components"]["schemas"]["Line"]["properties"]["at"].update(type="integer"),
            "POST /cameras: body /lines/*/at is refused: type number")
        self.assertBreaks(
            lambda new: new["paths"]["/cameras"]["post"]["requestBody"].update(required=True),
            "POST /cameras: a body is required")

    def test_a_request_may_say_more(self):
        self.assertBreaks(lambda new: form(new)["properties"].update(colour={"type": "string"}))
        self.assertBreaks(lambda new: form(new).update(required=[]))
        self.assertBreaks(lambda new: form(new)["properties"]["name"].update(maxLength=500))
        self.assertBreaks(lambda new: form(new)["properties"]["kind"]["enum"].append("file"))
        self.assertBreaks(
            lambda new: new["components"]["schemas"].update(Form={"oneOf": [{"type": "null"}, FORM]}))

    def test_an_alternative_is_gone(self):
        old = copy.deepcopy(DOCUMENT)
        old["components"]["schemas"]["Form"] = {"oneOf": [{"type": "null"}, FORM]}
        self.assertEqual(
            list(breaking.breaks(old, DOCUMENT)), ["POST /cameras: body / is refused: type null"])

    def test_an_answer_says_something_else(self):
        places = ["GET /cameras: 200 /*", "POST /cameras: 201 "]
        for edit, end in [
            (lambda new: camera(new)["required"].remove("name"), "/name is other than before: left out"),
            (lambda new: camera(new)["properties"]["id"].update(type="string"),
             "/id is other than before: type string"),
            (lambda new: camera(new)["properties"]["name"].update(type=["string", "null"]),
             "/name is other than before: type null"),
        ]:
            self.assertBreaks(edit, *(place + end for place in places))

    def test_an_answer_may_say_more(self):
        self.assertBreaks(lambda new: camera(new)["properties"].update(colour={"type": "string"}))
        self.assertBreaks(lambda new: camera(new)["required"].append("note"))

    def test_statuses(self):
        responses = lambda new: new["paths"]["/cameras"]["post"]["responses"]
        self.assertBreaks(
            lambda new: responses(new).update({"202": responses(new).pop("201")}),
            "POST /cameras: 201 is gone", "POST /cameras: 202 is new")
        self.assertBreaks(lambda new: responses(new).update({"409": {"description": "x"}}))

    def test_a_schema_that_holds_itself_comes_to_an_end(self):
        old = copy.deepcopy(DOCUMENT)
        old["components"]["schemas"]["Line"]["properties"]["next"] = {"$ref": "#/components/schemas/Line"}
        self.assertEqual(list(breaking.breaks(old, copy.deepcopy(old))), [])

    def test_what_is_declared_must_be_so(self):
        self.assertEqual(breaking.declared("# why\nGET /a: is gone  # because\n\n"), ["GET /a: is gone"])

    def test_the_program_fails_for_what_is_not_declared_and_for_what_is_no_more(self):
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            gone = copy.deepcopy(DOCUMENT)
            gone["paths"]["/cameras"].pop("get")
            for name, document in [("old", DOCUMENT), ("new", gone)]:
                (root / name).mkdir()
                (root / name / "all.json").write_text(breaking.json.dumps(document))
            declaration = root / "declared"
            for old, new, text, code in [
                ("old", "new", "", 1), ("old", "new", "GET /cameras: is gone\n", 0), ("old", "old", "", 0),
                ("old", "old", "GET /cameras: is gone\n", 1),
            ]:
                declaration.write_text(text)
                with self.subTest(new=new, text=text):
                    self.assertEqual(breaking.main(root / old, root / new, declaration), code)


if __name__ == "__main__":
    unittest.main(buffer=True)
