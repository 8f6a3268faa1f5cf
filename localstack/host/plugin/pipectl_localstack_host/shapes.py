"""How AWS words what happens to a function: error payloads and the lines around an invocation's log."""

import json
import signal


def error(kind: str, message: str) -> bytes:
    return json.dumps({"errorType": kind, "errorMessage": message}).encode()


def timed_out(request_id: str, seconds: float) -> bytes:
    return error("Sandbox.Timedout", f"RequestId: {request_id} Error: Task timed out after {seconds:.2f} seconds")


def exited(request_id: str, code: int | None) -> bytes:
    if not code:
        reason = "Runtime exited without providing a reason"
    elif code < 0:
        reason = f"Runtime exited with error: signal: {signal_name(-code)}"
    else:
        reason = f"Runtime exited with error: exit status {code}"
    return error("Runtime.ExitError", f"RequestId: {request_id} Error: {reason}")


def signal_name(number: int) -> str:
    try:
        return signal.strsignal(number).lower()
    except (AttributeError, ValueError):
        return str(number)


def invalid_entrypoint(request_id: str, reason: str) -> bytes:
    return error("Runtime.InvalidEntrypoint", f"RequestId: {request_id} Error: {reason}")


def too_large(size: int, limit: int) -> bytes:
    return error(
        "Function.ResponseSizeTooLarge",
        f"Response payload size ({size} bytes) exceeded maximum allowed payload size ({limit} bytes).",
    )


def log_of(request_id: str, version: str, output: str, seconds: float, memory: int) -> str:
    """The log of one invocation: the function's own lines between AWS's START, END and REPORT."""
    if output and not output.endswith("\n"):
        output += "\n"
    milliseconds = seconds * 1000
    return (
        f"START RequestId: {request_id} Version: {version}\n{output}END RequestId: {request_id}\n"
        f"REPORT RequestId: {request_id}\tDuration: {milliseconds:.2f} ms\t"
        f"Billed Duration: {int(milliseconds) + 1} ms\tMemory Size: {memory} MB\tMax Memory Used: {memory} MB\t\n"
    )
