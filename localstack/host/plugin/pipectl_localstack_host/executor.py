"""LocalStack's Lambda executor without Docker: the function's code runs as a process of this machine.

``provided.*`` runtimes start their ``bootstrap``; ``python3.*`` start a small runtime of ours. Each
environment that LocalStack opens is one process at a time; one that crashed or timed out is replaced
at the next invocation, as AWS does.
"""

import logging
import threading
import time

from localstack import config
from localstack.services.lambda_.invocation.executor_endpoint import StatusErrorException
from localstack.services.lambda_.invocation.lambda_models import InvocationResult
from localstack.services.lambda_.invocation.runtime_executor import RuntimeExecutor

from . import shapes
from .runtime_api import Invocation
from .sandbox import Sandbox, Unrunnable

LOG = logging.getLogger(__name__)

# How long a function that has answered may take to come back for more before its log is cut.
SETTLE_SECONDS = 0.2


class ProcessExecutor(RuntimeExecutor):
    """One execution environment of one function version."""

    def __init__(self, id, function_version):
        super().__init__(id, function_version)
        self._variables = {}
        self._sandbox = None
        self._stopped = False
        self._lock = threading.Lock()

    def start(self, env_vars):
        self._variables = env_vars
        self._open("00000000-0000-0000-0000-000000000000")

    def invoke(self, payload):
        settings = self.function_version.config
        invocation = Invocation(
            request_id=payload["invoke-id"],
            function_arn=payload["invoked-function-arn"],
            trace_id=payload["trace-id"],
            payload=(payload["payload"] or "").encode(),
            timeout_seconds=settings.timeout,
        )
        started = time.monotonic()
        try:
            sandbox = self._sandbox
            if sandbox is None or not sandbox.alive:
                sandbox = self._open(invocation.request_id)
            output = self._run(sandbox, invocation)
        except StatusErrorException as failure:
            invocation.settle(failure.payload, True)
            output = ""
        log = shapes.log_of(
            invocation.request_id,
            self.function_version.id.qualifier,
            output,
            time.monotonic() - started,
            settings.memory_size,
        )
        return InvocationResult(
            request_id=invocation.request_id,
            payload=invocation.answer,
            is_error=invocation.is_error,
            logs=log,
        )

    def _run(self, sandbox, invocation) -> str:
        sandbox.api.offer(invocation)
        if invocation.answered.wait(invocation.timeout_seconds):
            sandbox.api.idle.wait(SETTLE_SECONDS)
            return sandbox.take_output()
        invocation.settle(shapes.timed_out(invocation.request_id, invocation.timeout_seconds), True)
        output = sandbox.take_output()
        sandbox.end()
        return output

    def _open(self, request_id) -> Sandbox:
        """A process that waits for its first event; a ``StatusErrorException`` in AWS's words otherwise."""
        code = self.function_version.config.code
        try:
            # Checked and set as one step: LocalStack stops a start that lasts too long from another thread.
            with self._lock:
                if self._stopped:
                    raise Unrunnable("the environment was stopped")
                self._sandbox = sandbox = Sandbox(
                    self.function_version.config.runtime, code.get_unzipped_code_location(), self._variables
                )
        except Unrunnable as reason:
            payload = shapes.invalid_entrypoint(request_id, str(reason))
            raise StatusErrorException(str(reason), payload=payload) from reason
        sandbox.api.started.wait()
        if sandbox.api.init_error is not None:
            payload = sandbox.api.init_error
            sandbox.end()
            raise StatusErrorException("the function failed to initialise", payload=payload)
        if not sandbox.alive:
            payload = shapes.exited(request_id, sandbox.exit_code)
            LOG.warning("function %s ended at its start: %s", self._name, sandbox.take_output())
            raise StatusErrorException("the function ended before it was ready", payload=payload)
        return sandbox

    @property
    def _name(self):
        return self.function_version.id.function_name

    def stop(self):
        with self._lock:
            self._stopped = True
            sandbox, self._sandbox = self._sandbox, None
        if sandbox is not None:
            sandbox.end()

    def get_logs(self):
        sandbox = self._sandbox
        return sandbox.take_output() if sandbox is not None else ""

    def get_address(self):
        return "127.0.0.1"

    def get_endpoint_from_executor(self):
        return "127.0.0.1"

    def get_runtime_endpoint(self):
        return f"http://127.0.0.1:{config.GATEWAY_LISTEN[0].port}/_localstack_lambda/{self.id}"

    @classmethod
    def prepare_version(cls, function_version):
        if function_version.config.code:
            function_version.config.code.prepare_for_execution()

    @classmethod
    def cleanup_version(cls, function_version):
        """The code's own clean-up is all there is."""
