"""A Lambda runtime for ``python3.*`` functions: loads the handler, then answers events until it is ended.

Started as a program of its own with the function's environment, never imported by LocalStack.
"""

import importlib
import json
import os
import sys
import time
import traceback
from http.client import HTTPConnection

PREFIX = "/2018-06-01/runtime/"


class Context:
    """What a handler is told about its invocation, under AWS's names."""

    def __init__(self, headers):
        self.aws_request_id = headers["Lambda-Runtime-Aws-Request-Id"]
        self.invoked_function_arn = headers["Lambda-Runtime-Invoked-Function-Arn"]
        self.function_name = os.environ["AWS_LAMBDA_FUNCTION_NAME"]
        self.function_version = os.environ["AWS_LAMBDA_FUNCTION_VERSION"]
        self.memory_limit_in_mb = os.environ["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"]
        self.log_group_name = os.environ["AWS_LAMBDA_LOG_GROUP_NAME"]
        self.log_stream_name = os.environ["AWS_LAMBDA_LOG_STREAM_NAME"]
        self._deadline = int(headers["Lambda-Runtime-Deadline-Ms"])

    def get_remaining_time_in_millis(self):
        return max(0, self._deadline - int(time.time() * 1000))


class HandlerMissing(Exception):
    """Worded for the function's owner; the type is AWS's name for it."""

    def __init__(self, kind, message):
        super().__init__(message)
        self.kind = kind


def describe(error, request_id=""):
    kind = error.kind if isinstance(error, HandlerMissing) else type(error).__name__
    frames = [] if isinstance(error, HandlerMissing) else traceback.format_tb(error.__traceback__)[1:]
    return {"errorMessage": str(error), "errorType": kind, "requestId": request_id, "stackTrace": frames}


def load_handler():
    sys.path.insert(0, os.environ["LAMBDA_TASK_ROOT"])
    module_name, _, function = os.environ["_HANDLER"].rpartition(".")
    try:
        module = importlib.import_module(module_name.replace("/", "."))
    except ImportError as error:
        raise HandlerMissing(
            "Runtime.ImportModuleError", f"Unable to import module '{module_name}': {error}"
        ) from error
    handler = getattr(module, function, None)
    if handler is None:
        raise HandlerMissing("Runtime.HandlerNotFound", f"Handler '{function}' missing on module '{module_name}'")
    return handler


def main():
    api = HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])

    def call(method, path, body=None):
        api.request(method, PREFIX + path, body=None if body is None else json.dumps(body).encode())
        answer = api.getresponse()
        return answer.status, answer.headers, answer.read()

    try:
        handler = load_handler()
    except Exception as error:
        call("POST", "init/error", describe(error))
        sys.exit(1)
    while True:
        status, headers, event = call("GET", "invocation/next")
        if status != 200:
            return
        request_id = headers["Lambda-Runtime-Aws-Request-Id"]
        try:
            answer = handler(json.loads(event or b"null"), Context(headers))
            call("POST", f"invocation/{request_id}/response", answer)
        except Exception as error:
            description = describe(error, request_id)
            print(f"[ERROR] {description['errorType']}: {description['errorMessage']}")
            call("POST", f"invocation/{request_id}/error", description)


if __name__ == "__main__":
    main()
