"""Firehose's reader of a Kinesis stream: one thread a delivery, in place of a Java consumer.

It starts at the tip of the stream, as Firehose does, and follows reshards: when a shard ends, its
children are read from their beginning. Records are handed over in the batches that a put would carry.
"""

import base64
import logging
import threading
import uuid

from localstack.aws.connect import connect_to

LOG = logging.getLogger(__name__)

POLL_SECONDS = 0.2
BATCH_RECORDS = 500
# A transform's payload may hold 6 MB, and base64 adds a third.
BATCH_BYTES = 3 * 1024 * 1024
TRIES = 5


class StreamReader:
    """Reads every shard of one stream until stopped."""

    def __init__(self, stream_name, account_id, region_name, deliver):
        self._stream = stream_name
        self._deliver = deliver
        self._kinesis = connect_to(aws_access_key_id=account_id, region_name=region_name).kinesis
        self._iterators = {}
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"firehose-{stream_name}", daemon=True)

    def start(self):
        """Takes its position before it returns: what is put after the delivery was created is delivered."""
        for shard in self._shards():
            if "EndingSequenceNumber" not in shard["SequenceNumberRange"]:
                self._open(shard["ShardId"], "LATEST")
        self._thread.start()

    def stop(self, *_args, **_kwargs):
        self._stopped.set()

    def _shards(self):
        return self._kinesis.list_shards(StreamName=self._stream)["Shards"]

    def _open(self, shard_id, position):
        self._iterators[shard_id] = self._kinesis.get_shard_iterator(
            StreamName=self._stream, ShardId=shard_id, ShardIteratorType=position
        )["ShardIterator"]

    def _run(self):
        while not self._stopped.is_set():
            found = False
            for shard_id in list(self._iterators):
                try:
                    found |= self._read(shard_id)
                except self._kinesis.exceptions.ResourceNotFoundException:
                    LOG.info("stream %s is gone; its delivery ends", self._stream)
                    return
                except Exception:
                    LOG.warning("reading %s of %s failed", shard_id, self._stream, exc_info=True)
            if not found:
                self._stopped.wait(POLL_SECONDS)

    def _read(self, shard_id) -> bool:
        answer = self._kinesis.get_records(ShardIterator=self._iterators[shard_id], Limit=10_000)
        for batch in batches(answer["Records"]):
            self._hand_over(shard_id, batch)
        following = answer.get("NextShardIterator")
        if following:
            self._iterators[shard_id] = following
        else:
            del self._iterators[shard_id]
            for shard in self._shards():
                if shard_id in (shard.get("ParentShardId"), shard.get("AdjacentParentShardId")):
                    if shard["ShardId"] not in self._iterators:
                        self._open(shard["ShardId"], "TRIM_HORIZON")
        return bool(answer["Records"])

    def _hand_over(self, shard_id, batch):
        for attempt in range(TRIES):
            try:
                # A transform may change what it is given, so each try has records of its own.
                self._deliver(records=[as_firehose_record(shard_id, record) for record in batch])
                return
            except Exception:
                LOG.warning("delivering %d records of %s failed", len(batch), self._stream, exc_info=True)
                if self._stopped.wait(0.5 * 2**attempt):
                    return
        LOG.error("%d records of %s were given up after %d tries", len(batch), self._stream, TRIES)


def batches(records):
    """Splits records into runs that a transform can take in one call."""
    batch, size = [], 0
    for record in records:
        if batch and (len(batch) == BATCH_RECORDS or size + len(record["Data"]) > BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(record)
        size += len(record["Data"])
    if batch:
        yield batch


def as_firehose_record(shard_id, record):
    arrived = int(record["ApproximateArrivalTimestamp"].timestamp() * 1000)
    return {
        "recordId": uuid.uuid4().hex,
        "approximateArrivalTimestamp": arrived,
        "data": base64.b64encode(record["Data"]).decode(),
        "kinesisRecordMetadata": {
            "shardId": shard_id,
            "partitionKey": record["PartitionKey"],
            "approximateArrivalTimestamp": arrived,
            "sequenceNumber": record["SequenceNumber"],
            "subsequenceNumber": 0,
        },
    }


def listen_to_kinesis(stream_name, account_id, region_name, listener_func, **_ignored):
    """Stands in for ``localstack.utils.kinesis.kinesis_connector.listen_to_kinesis``."""
    reader = StreamReader(stream_name, account_id, region_name, listener_func)
    reader.start()
    return reader
