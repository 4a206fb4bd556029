# SPDX-License-Identifier: Apache-2.0
"""Validates the document on standard input by the schemas beside this file, without a network."""
import json
import os
import sys

try:
    from jsonschema import Draft7Validator, RefResolver
except ImportError:
    print("no jsonschema")
    sys.exit(0)

HERE = os.path.dirname(os.path.abspath(__file__))


def load(name):
    with open(os.path.join(HERE, name)) as file:
        return json.load(file)


schema, base = load("meta-schema.json"), load("json-schema.json")
store = {"https://meta.json-schema.tools": base, "https://meta.json-schema.tools/": base}
resolver = RefResolver.from_schema(schema, store=store)
errors = list(Draft7Validator(schema, resolver=resolver).iter_errors(json.load(sys.stdin)))
for error in errors[:5]:
    print("/".join(map(str, error.path)), error.message[:200])
print("valid" if not errors else "invalid")
