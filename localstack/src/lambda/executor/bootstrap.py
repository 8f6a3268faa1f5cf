"""Runs a Python handler in a sandbox of the local endpoint, through the Lambda Runtime API."""

import http.client
import importlib
import json
import os
import sys
import time
import traceback

BASE = "/2018-06-01/runtime/"


class ClientContext:
    """What the caller says of itself."""

    def __init__(self, said):
        self.custom = said.get("custom")
        self.env = said.get("env")
        client = said.get("client")
        self.client = Client(client) if client else None

    @classmethod
    def of(cls, header):
        return cls(json.loads(header)) if header else None


class Client:
    """The application that calls."""

    def __init__(self, said):
        self.installation_id = said.get("installation_id")
        self.app_title = said.get("app_title")
        self.app_version_name = said.get("app_version_name")
        self.app_version_code = said.get("app_version_code")
        self.app_package_name = said.get("app_package_name")


class Context:
    """What AWS passes to a handler beside the event."""

    def __init__(self, headers):
        env = os.environ
        self.aws_request_id = headers["Lambda-Runtime-Aws-Request-Id"]
        self.invoked_function_arn = headers["Lambda-Runtime-Invoked-Function-Arn"]
        self.function_name = env["AWS_LAMBDA_FUNCTION_NAME"]
        self.function_version = env["AWS_LAMBDA_FUNCTION_VERSION"]
        self.memory_limit_in_mb = env["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"]
        self.log_group_name = env["AWS_LAMBDA_LOG_GROUP_NAME"]
        self.log_stream_name = env["AWS_LAMBDA_LOG_STREAM_NAME"]
        self.identity = None
        self.client_context = ClientContext.of(headers.get("Lambda-Runtime-Client-Context"))
        self._deadline_ms = int(headers["Lambda-Runtime-Deadline-Ms"])

    def get_remaining_time_in_millis(self):
        return max(0, self._deadline_ms - int(time.time() * 1000))

    def log(self, message):
        sys.stdout.write(str(message))


def describe(error, **more):
    return {
        "errorMessage": str(error),
        "errorType": type(error).__name__,
        **more,
        "stackTrace": traceback.format_tb(error.__traceback__)[1:],
    }


class Runtime:
    """The connection to the Runtime API, kept alive."""

    def __init__(self):
        host, port = os.environ["AWS_LAMBDA_RUNTIME_API"].rsplit(":", 1)
        self.connection = http.client.HTTPConnection(host, int(port))

    def call(self, method, path, body=None):
        self.connection.request(method, BASE + path, body, {"Content-Type": "application/json"})
        response = self.connection.getresponse()
        return response.headers, response.read(), response.status

    def post(self, path, value):
        self.call("POST", path, json.dumps(value).encode())


def load(handler):
    """The function that `module.function` names; slashes in the module are folders."""
    module, _, name = handler.rpartition(".")
    if not module:
        raise ValueError("Bad handler '%s': not enough values to unpack (expected 2, got 1)" % handler)
    try:
        loaded = importlib.import_module(module.replace("/", "."))
    except ImportError as error:
        error.runtime_type = "Runtime.ImportModuleError"
        error.msg = ("Unable to import module '%s': %s" % (module, error))
        raise
    if not hasattr(loaded, name):
        error = AttributeError("Handler '%s' missing on module '%s'" % (name, module))
        error.runtime_type = "Runtime.HandlerNotFound"
        raise error
    return getattr(loaded, name)


def start(runtime):
    try:
        return load(os.environ["_HANDLER"])
    except BaseException as error:
        failed = describe(error, requestId="")
        failed["errorType"] = getattr(error, "runtime_type", failed["errorType"])
        print("[ERROR] %s: %s" % (failed["errorType"], failed["errorMessage"]), flush=True)
        runtime.post("init/error", failed)
        sys.exit(1)


def main():
    sys.path.insert(0, os.environ["LAMBDA_TASK_ROOT"])
    runtime = Runtime()
    handler = start(runtime)
    while True:
        headers, event, status = runtime.call("GET", "invocation/next")
        if status != 200:
            sys.exit(1)
        context = Context(headers)
        path = "invocation/%s/" % context.aws_request_id
        try:
            result = json.dumps(handler(json.loads(event), context)).encode()
        except Exception as error:
            print("[ERROR] %s: %s" % (type(error).__name__, error), flush=True)
            traceback.print_exc()
            runtime.post(path + "error", describe(error, requestId=context.aws_request_id))
        else:
            runtime.call("POST", path + "response", result)


main()
