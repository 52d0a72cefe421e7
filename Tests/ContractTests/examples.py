"""The OpenAPI document is valid, its examples are what its schemas say, and the server takes and gives such.

usage: examples.py URL TOKEN WORKER_TOKEN

WORKER_TOKEN is of the worker that examples name, for what is told to that worker alone.
"""

import sys
from datetime import datetime, timezone

import jsonschema
import requests
from openapi_spec_validator import OpenAPIV31SpecValidator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from closed import closed, target

METHODS = ("get", "put", "post", "delete", "patch")

# What is told to a worker alone, by its own token.
OF_THE_WORKER = "/workers/{id}/assignments"

# Parameters that mean something only beside others.
GOES_WITH = {"from": ("to",), "to": ("from",), "after_version": ("order",)}


def observed_now(body):
    """Heartbeats as they are, but of now: the camera was registered a moment ago, and said nothing before."""
    if isinstance(body, dict):
        now = datetime.now(timezone.utc).isoformat()
        return {name: now if name == "observed_at" else observed_now(member) for name, member in body.items()}
    return [observed_now(element) for element in body] if isinstance(body, list) else body


class Contract:
    def __init__(self, url, token, worker_token):
        self.url = url
        self.session = requests.Session()
        self.session.headers["Authorization"] = f"Bearer {token}"
        self.worker_token = worker_token
        self.published = requests.get(f"{url}/openapi.json", timeout=30).json()
        self.document = closed(self.published)
        self.base = url + self.document["servers"][0]["url"]
        resource = Resource(contents=self.document, specification=DRAFT202012)
        self.registry = Registry().with_resource("urn:openapi", resource)
        self.failures = []

    def fail(self, name, reason):
        self.failures.append(f"{name}: {reason}")

    def resolve(self, value):
        while "$ref" in value:
            value = target(self.document, value["$ref"])
        return value

    def check(self, name, value, schema):
        """The schema's references lead into the document."""

        def absolute(node):
            if isinstance(node, dict):
                return {
                    key: "urn:openapi" + member if key == "$ref" else absolute(member) for key, member in node.items()
                }
            return [absolute(element) for element in node] if isinstance(node, list) else node

        validator = jsonschema.Draft202012Validator(
            absolute(schema), registry=self.registry, format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER
        )
        for error in validator.iter_errors(value):
            self.fail(name, f"{error.json_path} {error.message[:300]}")

    def check_document(self):
        """It is a document of OpenAPI 3.1."""
        for error in OpenAPIV31SpecValidator(self.published).iter_errors():
            self.fail("document", f"{error.json_path} {error.message[:300]}")

    def examples(self, media):
        given = [self.resolve(example)["value"] for example in media.get("examples", {}).values()]
        return given + ([media["example"]] if "example" in media else [])

    def operations(self):
        for path, item in self.document["paths"].items():
            for method in METHODS:
                if method in item:
                    yield path, method, item[method]

    def check_examples(self):
        """Every body, and every answer with one, has examples, and they are valid."""
        for path, method, operation in self.operations():
            name = f"{method.upper()} {path}"
            contents = {"request": operation.get("requestBody", {}).get("content", {})}
            contents |= {status: self.resolve(answer).get("content", {}) for status, answer in operation["responses"].items()}
            for where, content in contents.items():
                for media in content.values():
                    examples = self.examples(media)
                    if not examples:
                        self.fail(name, f"{where} has no example")
                    for example in examples:
                        if not isinstance(example, str):
                            self.check(f"{name}, example of {where}", example, media["schema"])
            for parameter in map(self.resolve, operation.get("parameters", [])):
                for example in self.examples(parameter):
                    self.check(f"{name}, parameter {parameter['name']}", example, parameter["schema"])

    def register(self):
        operation = self.document["paths"]["/cameras"]["post"]
        example = self.examples(operation["requestBody"]["content"]["application/json"])[0]
        answer = self.session.post(f"{self.base}/cameras", json=example, timeout=30)
        answer.raise_for_status()
        camera = answer.json()["id"]
        position = answer.headers["Footfall-Position"]
        # between them, these wait for every read model
        for path in (f"cameras/{camera}/health", f"cameras/{camera}/counts", "counts"):
            self.session.get(f"{self.base}/{path}?min_position={position}", timeout=30).raise_for_status()
        return camera

    def check_answers(self):
        """The examples of requests, sent to the server, are answered as the document says: each to a camera of its own."""
        for path, method, operation in self.operations():
            bodies = []
            for media_type, media in operation.get("requestBody", {}).get("content", {}).items():
                bodies += [(media_type, example) for example in self.examples(media)]
            for media_type, body in bodies or [(None, None)]:
                self.send(path, method, operation, body)

    def check_parameters(self):
        """The examples of optional parameters of reads are values that the server takes."""
        for path, method, operation in self.operations():
            parameters = [self.resolve(parameter) for parameter in operation.get("parameters", [])]
            optional = {p["name"]: self.examples(p)[0] for p in parameters if p["in"] == "query" and not p.get("required")}
            for name in optional if method == "get" else []:
                query = {each: optional[each] for each in (name, *GOES_WITH.get(name, ()))}
                answer = self.request(path, method, parameters, query)
                if answer.status_code in (400, 422) or answer.status_code >= 500:
                    self.fail(f"GET {path}", f"{query} is answered with {answer.status_code} {answer.text[:300]}")

    def request(self, path, method, parameters, query, body=None):
        """Asks with the examples of what is required, about a camera of its own, and with this query."""
        values = {"path": {}, "header": {}, "query": {name: self.text(value) for name, value in query.items()}}
        for parameter in parameters:
            example = next(iter(self.examples(parameter)), None)
            if parameter["name"] == "id" and path.startswith("/cameras/"):
                example = self.register()
            if parameter.get("required"):
                values[parameter["in"]][parameter["name"]] = self.text(example)
        if path == OF_THE_WORKER:
            values["header"]["Authorization"] = f"Bearer {self.worker_token}"
        return self.session.request(
            method, self.base + path.format(**values["path"]), headers=values["header"], params=values["query"],
            json=body, timeout=60,
        )

    @staticmethod
    def text(value):
        return str(value).lower() if isinstance(value, bool) else str(value)

    def send(self, path, method, operation, body):
        name = f"{method.upper()} {path}"
        if path.endswith("/heartbeats"):
            body = observed_now(body)
        parameters = [self.resolve(parameter) for parameter in operation.get("parameters", [])]
        answer = self.request(path, method, parameters, {}, body)
        if answer.status_code // 100 != 2 and answer.status_code not in operation.get("x-example-statuses", []):
            return self.fail(name, f"its example is answered with {answer.status_code} {answer.text[:300]}")
        documented = self.resolve(operation["responses"].get(str(answer.status_code), {}))
        content = documented.get("content", {})
        media_type = answer.headers.get("Content-Type", "").split(";")[0]
        if content and media_type not in content:
            return self.fail(name, f"its example is answered with {media_type or 'no body'}")
        if media_type.endswith("json"):
            self.check(f"{name}, answer {answer.status_code}", answer.json(), content[media_type]["schema"])


def main():
    contract = Contract(*sys.argv[1:4])
    contract.check_document()
    contract.check_examples()
    contract.check_answers()
    contract.check_parameters()
    for failure in contract.failures:
        print(f"examples: {failure}", file=sys.stderr)
    sys.exit(1 if contract.failures else 0)


if __name__ == "__main__":
    main()
