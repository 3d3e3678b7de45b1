"""The API's document held against what the site answers: every status, code and body must be one that it tells of."""

from __future__ import annotations

import json
import re
from functools import cached_property
from typing import Any

import httpx
import jsonschema_rs

PROBLEM = "application/problem+json"
STREAM = "text/event-stream"


class Document:
    """A document, and the answers that it promises."""

    def __init__(self, told: dict[str, Any]) -> None:
        self.told = told
        self._patterns = [
            (re.compile(re.sub(r"\\{\w+\\}", "[^/]+", re.escape(path)) + "/?"), path) for path in told["paths"]
        ]

    @cached_property
    def _validators(self) -> dict[str, Any]:
        return {
            name: self.validator({"$ref": f"#/components/schemas/{name}"})
            for name in self.told["components"]["schemas"]
        }

    def validator(self, schema: dict[str, Any]) -> Any:
        """A validator of one schema that may point to the document's others."""
        return jsonschema_rs.Draft202012Validator({**schema, "components": self.told["components"]})

    def operation(self, method: str, path: str) -> dict[str, Any] | None:
        """The operation that answers a request, if the document knows it."""
        for pattern, template in self._patterns:
            if pattern.fullmatch(path):
                operations: dict[str, Any] = self.told["paths"][template]
                return operations.get("get" if method == "HEAD" else method.lower())
        return None

    def check(self, answer: httpx.Response) -> None:
        """Fail when an answer of the API is not one that the document promises."""
        path = re.sub("/+", "/", answer.request.url.path)
        if not path.startswith("/api/") or path.startswith("/api/v1/schema") or answer.request.method == "OPTIONS":
            return
        operation = self.operation(answer.request.method, path)
        if answer.headers.get("content-type") == STREAM:
            # It has no end to be read to; those who read it know what stands in it.
            assert operation is not None
            assert STREAM in operation["responses"]["200"]["content"]
            return
        answer.read()
        if answer.headers.get("content-type") == PROBLEM and answer.content:
            self._validators["Problem"].validate(answer.json())
        if operation is None:
            assert answer.status_code in (404, 405), answer
            return
        promised = operation["responses"]
        assert str(answer.status_code) in promised, f"{answer.request.method} {path}: {answer.status_code} undocumented"
        contents = promised[str(answer.status_code)].get("content", {})
        if not contents:
            assert answer.content == b""
            return
        assert answer.headers["content-type"] in contents, answer.headers["content-type"]
        if not answer.content:
            return
        content = contents[answer.headers["content-type"]]
        if answer.is_error:
            assert answer.json()["code"] in content["examples"], answer.json()["code"]
        self.validator(content["schema"]).validate(json.loads(answer.content))
