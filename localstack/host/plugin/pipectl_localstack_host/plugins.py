"""The entry points by which LocalStack finds this package. Nothing heavy is imported before it is used."""

import os

from localstack.runtime import hooks
from localstack.services.lambda_.invocation.plugins import RuntimeExecutorPlugin


class ProcessExecutorPlugin(RuntimeExecutorPlugin):
    """Chosen by ``LAMBDA_RUNTIME_EXECUTOR=pipectl-process``."""

    name = "pipectl-process"

    def load(self, *args, **kwargs):
        from .executor import ProcessExecutor

        return ProcessExecutor


@hooks.on_infra_start(name="pipectl-loopback")
def listen_on_loopback():
    """The gateway listens on every interface whatever ``GATEWAY_LISTEN`` says; make it mean what it says."""
    from types import SimpleNamespace

    from localstack import config
    from localstack.runtime.server import twisted as server
    from twisted.internet import endpoints

    host = config.GATEWAY_LISTEN[0].host

    def on_host(reactor, port):
        return endpoints.TCP4ServerEndpoint(reactor, port, interface=host)

    server.endpoints = SimpleNamespace(
        TCP4ServerEndpoint=on_host, TCP6ServerEndpoint=endpoints.TCP6ServerEndpoint
    )


@hooks.on_infra_start(name="pipectl-firehose")
def deliver_from_kinesis():
    """Firehose reads streams with a poller of ours, and calls transforms with the event that AWS sends."""
    from localstack.services.firehose.provider import FirehoseProvider
    from localstack.utils.kinesis import kinesis_connector

    from .firehose_event import complete_records
    from .kinesis_source import listen_to_kinesis

    kinesis_connector.listen_to_kinesis = listen_to_kinesis
    FirehoseProvider._add_missing_record_attributes = complete_records


@hooks.on_infra_start(name="pipectl-parent", should_load=lambda: "PIPECTL_END_WITH" in os.environ)
def end_with_parent():
    """Ends LocalStack when the process that started it is gone, also when that one was killed."""
    from .parent import watch

    watch(int(os.environ["PIPECTL_END_WITH"]))


@hooks.on_infra_start(name="pipectl-kinesis")
def wait_for_kinesis():
    """Calls that come while the Kinesis engine starts wait for it; LocalStack would send them to a closed port."""
    from localstack.services.kinesis.kinesis_mock_server import KinesisServerManager

    server_of = KinesisServerManager.get_server_for_account

    def once_it_is_up(self, account_id):
        with self._lock:
            return server_of(self, account_id)

    KinesisServerManager.get_server_for_account = once_it_is_up
