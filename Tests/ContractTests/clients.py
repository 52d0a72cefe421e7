"""Clients that are generated from the OpenAPI document work: each drives a camera through a day against the server.

usage: clients.py URL TOKEN FOLDER

openapi-python-client makes a client with a function for each operation, datamodel-code-generator makes a class for each
schema, which refuses what it does not allow. Both are made and imported as a whole, in FOLDER, without a warning.
"""

import datetime
import importlib
import json
import pathlib
import pkgutil
import subprocess
import sys

import requests

from days import ClientDay, ModelDay


def run(*command):
    """A generator, which has nothing to say when all is well."""
    done = subprocess.run(command, capture_output=True, text=True)
    said = done.stdout + done.stderr
    if done.returncode != 0 or "WARNING" in said or "ERROR" in said:
        sys.exit(f"clients: {' '.join(command)}\n{said}")


def generate(document, folder):
    tools = pathlib.Path(sys.executable).parent
    config = folder / "config.json"
    config.write_text(json.dumps({"post_hooks": []}))  # formatting is nothing to a client that runs
    run(
        str(tools / "openapi-python-client"), "generate", "--path", str(document), "--meta", "none",
        "--config", str(config), "--output-path", str(folder / "client"),
    )
    run(
        str(tools / "datamodel-codegen"), "--input", str(document), "--input-file-type", "openapi",
        "--output-model-type", "pydantic_v2.BaseModel", "--formatters", "builtin", "--output", str(folder / "models.py"),
    )


def main():
    url, token, folder = sys.argv[1], sys.argv[2], pathlib.Path(sys.argv[3])
    document = folder / "openapi.json"
    document.write_bytes(requests.get(f"{url}/openapi.json", timeout=30).content)
    generate(document, folder)
    sys.path.insert(0, str(folder))
    client = importlib.import_module("client")
    modules = [module.name for module in pkgutil.walk_packages(client.__path__, "client.")]
    for module in modules:
        importlib.import_module(module)
    base = url + json.loads(document.read_text())["servers"][0]["url"]
    now = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)
    for day in (ClientDay(base, token, now), ModelDay(base, token, now)):
        day.run()
    print(f"clients: two generated clients (one of {len(modules)} modules) drove a camera through a day")


if __name__ == "__main__":
    main()
