"""Ends this LocalStack with the process that started it, whatever way that one ended."""

import os
import signal
import threading
import time

POLL_SECONDS = 0.5
GRACE_SECONDS = 10


def watch(parent: int) -> None:
    threading.Thread(target=_wait, args=(parent,), name="parent-watch", daemon=True).start()


def _wait(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(POLL_SECONDS)
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(GRACE_SECONDS)
    # Only where the group is ours alone: a group led by someone else holds more than us.
    if os.getpgrp() == os.getpid():
        os.killpg(0, signal.SIGKILL)
    os.kill(os.getpid(), signal.SIGKILL)
