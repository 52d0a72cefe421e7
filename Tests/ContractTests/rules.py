"""schemathesis' checks, where JSON Schema does not say everything.

A request that its schema allows may still break a rule that no schema can say, such as "from lies before to". Each
operation names those in `x-rules`: the place, the code of the fault, and the rule. A request is taken for rightly
refused if it broke nothing but those.
"""

import datetime
import re

import schemathesis
from closed import closed
from schemathesis.specs.openapi.checks import negative_data_rejection, positive_data_acceptance


# Of every operation; the parameters' descriptions say them.
COMMON_RULES = [{"at": "Footfall-Causation", "code": "out_of_range"}]


def place(fault):
    return fault.get("pointer") or fault.get("parameter") or fault.get("header") or ""


def states(rule, fault):
    at = "".join("[0-9]+" if part == "*" else re.escape(part) for part in re.split(r"(\*)", rule.get("at", "")))
    return rule.get("code") == fault["code"] and re.fullmatch(at, place(fault)) is not None


def breaks_only_stated_rules(response, rules):
    try:
        problem = response.json()
    except ValueError:
        return False
    if any(rule.get("problem") == problem.get("code") for rule in rules):
        return True
    faults = problem.get("errors", [])
    return bool(faults) and all(any(states(rule, fault) for rule in rules) for fault in faults)


def exceeds_64_bits(value):
    """Whether an integer stands anywhere in it that would be kept as another number, and is refused for that."""
    if isinstance(value, dict):
        return any(exceeds_64_bits(member) for member in value.values())
    if isinstance(value, list):
        return any(exceeds_64_bits(element) for element in value)
    return isinstance(value, int) and not -(2**63) <= value < 2**63


def leaves_the_calendar(value):
    """Whether a time stands anywhere in it that is of year 0 or 10000 in UTC: RFC 3339 has years of four digits, from 1 on
    here, and an offset may lead out of them."""
    if isinstance(value, dict):
        return any(leaves_the_calendar(member) for member in value.values())
    if isinstance(value, list):
        return any(leaves_the_calendar(element) for element in value)
    try:
        datetime.datetime.fromisoformat(value).astimezone(datetime.timezone.utc)
    except OverflowError:
        return True
    except (TypeError, ValueError):
        pass
    return False


def is_malformed(response):
    return response.status_code == 400 and response.json().get("code") == "malformed_json"


@schemathesis.check
def valid_data_is_accepted(ctx, response, case):
    """schemathesis' positive_data_acceptance, for all but requests that broke a rule which the document states, and
    integers that no schema of free-form members bounds."""
    rules = case.operation.definition.raw.get("x-rules", []) + COMMON_RULES
    if is_malformed(response) and exceeds_64_bits(case.body):
        return None
    if response.status_code == 422 and leaves_the_calendar([case.body, case.query]):
        return None
    if response.status_code == 422 and breaks_only_stated_rules(response, rules):
        return None
    return positive_data_acceptance(ctx, response, case)


@schemathesis.check
def invalid_data_is_refused(ctx, response, case):
    """schemathesis' negative_data_rejection, for all but a header that nobody knows: such are to be ignored (RFC 9110,
    section 5.1), and it adds one to see whether headers are closed as an object can be."""
    if any(name.lower() == "x-schemathesis-unknown-property" for name in case.headers or {}):
        return None
    return negative_data_rejection(ctx, response, case)


@schemathesis.hook
def before_load_schema(context, raw_schema):
    """Answers are held to the members that the document names, though clients are to take others too."""
    raw_schema.update(closed(raw_schema))


STREAM_TYPES = ("rtsp", "http", "rtmp", "file")


@schemathesis.hook
def map_body(context, body):
    """Cameras lie in a network that streams are opened in: names by chance have no address, and would be refused, as
    would a URL of another type than the body's, which no plain schema can exclude."""
    if isinstance(body, dict) and isinstance(body.get("stream_url"), str):
        parts = re.fullmatch(r"([a-z]+://)([^/?#@\[]*@)?[a-z0-9._-]+(:[0-9]+)?([/?#].*)?", body["stream_url"], re.I)
        if parts and not parts[1].lower().startswith("file"):
            scheme, credentials, port, rest = (part or "" for part in parts.groups())
            body = body | {"stream_url": f"{scheme}{credentials}10.0.0.5{port}{rest}"}
        fitting = [name for name in STREAM_TYPES if body["stream_url"].lower().startswith(name)]
        if fitting and body.get("stream_type") in STREAM_TYPES:
            body = body | {"stream_type": fitting[0]}
    return body
