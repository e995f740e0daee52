"""The request AlterUserScramCredentials (KIP-554), which aiokafka lacks."""

import hashlib
import os

from aiokafka.protocol.api import Request, RequestStruct, Response
from aiokafka.protocol.types import CompactArray, CompactBytes, CompactString, Int8, Int16, Int32, Schema, TaggedFields

_NAME = CompactString("utf-8")


class _AddUserResponse(Response):
    API_KEY, API_VERSION = 51, 0
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        (
            "results",
            CompactArray(("user", _NAME), ("error_code", Int16), ("error_message", _NAME), ("tags", TaggedFields)),
        ),
        ("tags", TaggedFields),
    )


class _AddUserRequest(RequestStruct):
    API_KEY, API_VERSION = 51, 0
    FLEXIBLE_VERSION = True
    RESPONSE_TYPE = _AddUserResponse
    SCHEMA = Schema(
        ("deletions", CompactArray(("name", _NAME), ("mechanism", Int8), ("tags", TaggedFields))),
        (
            "upsertions",
            CompactArray(
                ("name", _NAME),
                ("mechanism", Int8),
                ("iterations", Int32),
                ("salt", CompactBytes),
                ("salted_password", CompactBytes),
                ("tags", TaggedFields),
            ),
        ),
        ("tags", TaggedFields),
    )


class AddUser(Request[_AddUserRequest]):
    """Creates a SCRAM user, or changes its password."""

    API_KEY = 51

    def __init__(self, name: str, password: str, mechanism: str) -> None:
        number = {"SCRAM-SHA-256": 1, "SCRAM-SHA-512": 2}[mechanism]
        salt, iterations = os.urandom(16), 4096
        salted = hashlib.pbkdf2_hmac(f"sha{mechanism[-3:]}", password.encode(), salt, iterations)
        self._upsertion = (name, number, iterations, salt, salted, {})

    def build(self, request_struct_class: type[_AddUserRequest]) -> _AddUserRequest:
        return request_struct_class([], [self._upsertion], {})
