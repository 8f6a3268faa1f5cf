"""aws-kinesis-agg of PyPI, asked over stdin: one request a line, one answer a line, both JSON, bytes in hex.

    {"encode": [{"key": "k", "hash": null, "data": "00"}]}    {"data": "f3899ac2..."}
    {"decode": "f3899ac2..."}                                 {"records": [...]}, {"passed": true} or {"error": "..."}
    {"bench": {"records": 1000, "rounds": 5}}                 {"encode": seconds, "decode": seconds}, of the best round
"""

import base64
import contextlib
import io
import json
import sys
import time

import aws_kinesis_agg
from aws_kinesis_agg.aggregator import RecordAggregator
from aws_kinesis_agg.deaggregator import iter_deaggregate_records


def encode(records):
    aggregator = RecordAggregator()
    for record in records:
        full = aggregator.add_user_record(record["key"], bytes.fromhex(record["data"]), record["hash"])
        assert full is None, "a vector fits in one aggregate"
    return {"data": aggregator.clear_and_get().get_contents()[2].hex()}


def kinesis_record(data):
    return {
        "kinesis": {
            "kinesisSchemaVersion": "1.0",
            "sequenceNumber": "495",
            "approximateArrivalTimestamp": 0,
            "partitionKey": "a",
            "data": base64.b64encode(data),
        }
    }


def decode(data):
    records = []
    # It prints what it cannot read, and goes on.
    with contextlib.redirect_stderr(io.StringIO()):
        found = list(iter_deaggregate_records([kinesis_record(bytes.fromhex(data))]))
    for record in found:
        inner = record["kinesis"]
        if not inner.get("aggregated"):
            return {"passed": True}
        records.append({
            "key": inner["partitionKey"],
            "hash": inner["explicitHashKey"],
            "data": base64.b64decode(inner["data"]).hex(),
            "sub": inner["subSequenceNumber"],
        })
    return {"records": records}


def best(rounds, work):
    took = []
    for _ in range(rounds):
        started = time.perf_counter()
        work()
        took.append(time.perf_counter() - started)
    return min(took)


def bench(records, rounds):
    keys = [f"{n:036}" for n in range(records)]
    data = b"x" * 100
    aggregates = []

    def aggregate():
        aggregates.clear()
        aggregator = RecordAggregator(51200)
        aggregator.on_record_complete(lambda full: aggregates.append(full.get_contents()[2]), False)
        for key in keys:
            aggregator.add_user_record(key, data)
        aggregates.append(aggregator.clear_and_get().get_contents()[2])

    def deaggregate():
        found = sum(1 for _ in iter_deaggregate_records(page))
        assert found == records, found

    took = best(rounds, aggregate)
    page = [kinesis_record(aggregate) for aggregate in aggregates]
    return {"encode": took, "decode": best(rounds, deaggregate)}


def answer(request):
    if "bench" in request:
        return bench(**request["bench"])
    if "encode" in request:
        return encode(request["encode"])
    return decode(request["decode"])


for line in sys.stdin:
    try:
        answered = answer(json.loads(line))
    except Exception as error:  # what it fails on is an answer too
        answered = {"error": f"{type(error).__name__}: {error}"}
    print(json.dumps(answered), flush=True)
