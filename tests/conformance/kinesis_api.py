"""Each operation of Kinesis by boto3: its happy path, and the words of its errors.

What boto3 would not send, because it checks before it asks, is sent by hand. Each case makes the streams it needs;
the first answer that is not AWS's ends its case, and the run with exit code 1.

    python kinesis_api.py --endpoint http://127.0.0.1:4566 [--only error_texts]
"""

import argparse
import base64
import json
import sys
import time
import urllib.error
import urllib.request
import uuid

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

REGION = "eu-west-1"
CASES = []


class Broken(Exception):
    """An answer is not what AWS answers."""


def case(function):
    CASES.append(function)
    return function


def check(holds, message):
    if not holds:
        raise Broken(message)


def equal(found, expected, what=""):
    check(found == expected, f"{what}: expected {expected!r}, found {found!r}")


class Api:
    """One endpoint, by boto3 and by hand."""

    def __init__(self, endpoint):
        self.endpoint = endpoint
        settings = Config(retries={"max_attempts": 1}, parameter_validation=False, read_timeout=30)
        session = boto3.Session("test", "test", region_name=REGION)
        self.kinesis = session.client("kinesis", endpoint_url=endpoint, config=settings)
        self.account = session.client("sts", endpoint_url=endpoint).get_caller_identity()["Account"]
        self.made = []

    def stream(self, shards=1, **options):
        name = f"api-{uuid.uuid4().hex[:8]}"
        if "StreamModeDetails" not in options:
            options["ShardCount"] = shards
        self.kinesis.create_stream(StreamName=name, **options)
        self.made.append(name)
        self.active(name)
        return name

    def active(self, name):
        for _ in range(600):
            if self.summary(name)["StreamStatus"] == "ACTIVE":
                return
            time.sleep(0.05)
        raise Broken(f"{name} does not become ACTIVE")

    def summary(self, name):
        return self.kinesis.describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]

    def arn(self, name):
        return f"arn:aws:kinesis:{REGION}:{self.account}:stream/{name}"

    def under(self, name):
        return f"{name} under account {self.account}"

    def records(self, name, shard="shardId-000000000000", kind="TRIM_HORIZON", **start):
        iterator = self.kinesis.get_shard_iterator(StreamName=name, ShardId=shard, ShardIteratorType=kind, **start)
        return self.kinesis.get_records(ShardIterator=iterator["ShardIterator"])

    def refused(self, code, message, operation, **arguments):
        """The operation is refused with this code and these words (a text, or a test of one)."""
        try:
            getattr(self.kinesis, operation)(**arguments)
        except ClientError as error:
            found = error.response["Error"]
            equal(found["Code"], code, f"{operation} {found['Message']}")
            fits = message(found["Message"]) if callable(message) else found["Message"] == message
            check(fits, f"{operation}: not AWS's words: {found['Message']}")
            return
        raise Broken(f"{operation} was not refused: {arguments}")

    def invalid(self, violations, operation, **arguments):
        """The operation is refused for exactly these violations, in any order."""

        def fits(message):
            count = f"{len(violations)} validation error{'s' if len(violations) > 1 else ''} detected: "
            return message.startswith(count) and sorted(message[len(count) :].split("; ")) == sorted(violations)

        self.refused("ValidationException", fits, operation, **arguments)

    def raw(self, body, target="Kinesis_20131202.ListStreams", method="POST", path="/", **headers):
        """Status, headers and body of a request that no SDK sends."""
        signature = (
            f"AWS4-HMAC-SHA256 Credential=test/20260101/{REGION}/kinesis/aws4_request, SignedHeaders=host, Signature=0"
        )
        sent = {
            "Content-Type": "application/x-amz-json-1.1",
            "X-Amz-Target": target,
            "X-Amz-Date": "20260101T000000Z",
            "Authorization": signature,
        }
        sent.update({name.replace("_", "-"): value for name, value in headers.items()})
        request = urllib.request.Request(self.endpoint + path, data=body, method=method)
        for name, value in sent.items():
            if value is not None:
                request.add_header(name, value)
        try:
            answer = urllib.request.urlopen(request, timeout=30)
        except urllib.error.HTTPError as error:
            answer = error
        with answer:
            return answer.status, {k.lower(): v for k, v in answer.headers.items()}, answer.read()

    def misread(self, operation, value, message):
        """A value of the wrong type is told in the words of AWS's deserializer."""
        status, _, body = self.raw(json.dumps(value).encode(), f"Kinesis_20131202.{operation}")
        expected = {"__type": "SerializationException", "Message": message}
        equal((status, json.loads(body)), (400, expected), f"{operation} {value}")


def null(member):
    return f"Value null at '{member}' failed to satisfy constraint: Member must not be null"


def broken(value, member, constraint):
    return f"Value '{value}' at '{member}' failed to satisfy constraint: {constraint}"


SHORT = "Member must have length greater than or equal to {}"
LONG = "Member must have length less than or equal to {}"
LOW = "Member must have value greater than or equal to {}"
HIGH = "Member must have value less than or equal to {}"
PATTERN = "Member must satisfy regular expression pattern: {}"
NAME = "[a-zA-Z0-9_.-]+"


@case
def streams(api):
    name = api.stream(3)
    described = api.kinesis.describe_stream(StreamName=name)["StreamDescription"]
    equal(described["StreamARN"], api.arn(name))
    equal([shard["ShardId"] for shard in described["Shards"]], [f"shardId-{n:012}" for n in range(3)])
    ranges = [shard["HashKeyRange"] for shard in described["Shards"]]
    equal(ranges[0]["EndingHashKey"], "113427455640312821154458202477256070484")
    equal(ranges[2]["EndingHashKey"], str(2**128 - 1))
    check(all(len(s["SequenceNumberRange"]["StartingSequenceNumber"]) == 56 for s in described["Shards"]), "56 digits")
    by_arn = api.kinesis.describe_stream_summary(StreamARN=api.arn(name))["StreamDescriptionSummary"]
    equal((by_arn["OpenShardCount"], by_arn["ConsumerCount"], by_arn["RetentionPeriodHours"]), (3, 0, 24))
    pages = api.kinesis.get_paginator("list_streams").paginate(PaginationConfig={"PageSize": 1})
    listed = [summary for page in pages for summary in page["StreamSummaries"]]
    check(name in [summary["StreamName"] for summary in listed], "the stream is listed")
    api.refused(
        "ResourceInUseException", f"Stream {api.under(name)} already exists.", "create_stream", StreamName=name, ShardCount=1
    )
    api.refused(
        "LimitExceededException",
        lambda text: text.startswith(f"This request would exceed the shard limit for the account {api.account} in {REGION}."),
        "create_stream",
        StreamName=f"{name}-huge",
        ShardCount=100_000,
    )
    api.invalid([null("streamName")], "create_stream", ShardCount=1)
    api.invalid(
        [
            broken(0, "shardCount", LOW.format(1)),
            broken("", "streamName", PATTERN.format(NAME)),
            broken("", "streamName", SHORT.format(1)),
        ],
        "create_stream",
        StreamName="",
        ShardCount=0,
    )
    api.invalid([null("streamName")], "delete_stream")
    missing = f"Stream {api.under('no-such')} not found."
    for operation in ("delete_stream", "describe_stream", "describe_stream_summary", "list_tags_for_stream", "list_shards"):
        api.refused("ResourceNotFoundException", missing, operation, StreamName="no-such")


@case
def account(api):
    limits = api.kinesis.describe_limits()
    check(limits["ShardLimit"] >= limits["OpenShardCount"], f"the limits are told: {limits}")
    status = lambda: api.kinesis.describe_account_settings()["MinimumThroughputBillingCommitment"]["Status"]
    name = api.stream(StreamModeDetails={"StreamMode": "ON_DEMAND"})
    if status() == "DISABLED":
        api.refused(
            "ValidationException",
            lambda text: "MinimumThroughputBillingCommitment" in text,
            "update_stream_warm_throughput",
            StreamName=name,
            WarmThroughputMiBps=10,
        )
    updated = api.kinesis.update_account_settings(MinimumThroughputBillingCommitment={"Status": "ENABLED"})
    equal(updated["MinimumThroughputBillingCommitment"]["Status"], "ENABLED")
    warm = api.kinesis.update_stream_warm_throughput(StreamARN=api.arn(name), WarmThroughputMiBps=10)
    equal(warm["WarmThroughput"]["TargetMiBps"], 10)
    api.active(name)
    equal((api.summary(name)["WarmThroughput"]["CurrentMiBps"], api.summary(name)["OpenShardCount"]), (10, 10))
    api.kinesis.update_account_settings(MinimumThroughputBillingCommitment={"Status": "DISABLED"})
    equal(status(), "ENABLED_UNTIL_EARLIEST_ALLOWED_END", "a commitment lasts a day")
    provisioned = api.stream()
    for operation, arguments in (
        ("update_stream_warm_throughput", {"WarmThroughputMiBps": 10}),
        ("update_stream_record_distribution_strategy", {"RecordDistributionStrategy": "AUTO"}),
    ):
        try:
            getattr(api.kinesis, operation)(StreamARN=api.arn(provisioned), **arguments)
        except ClientError as error:
            check("Provisioned mode" in str(error), f"{operation}: {error}")
            continue
        raise Broken(f"{operation} is for on-demand streams")


@case
def distribution(api):
    name = api.stream(StreamModeDetails={"StreamMode": "ON_DEMAND"})
    equal(api.summary(name)["RecordDistributionStrategy"], "USER_PARTITION_KEY")
    api.invalid([null("partitionKey")], "put_record", StreamName=name, Data=b"x")
    strategy = api.kinesis.update_stream_record_distribution_strategy
    strategy(StreamARN=api.arn(name), RecordDistributionStrategy="AUTO")
    shards = {api.kinesis.put_record(StreamName=name, Data=b"x")["ShardId"] for _ in range(8)}
    equal(len(shards), 4, "records without keys go to every shard")
    record = api.records(name, min(shards))["Records"][0]
    check("PartitionKey" not in record, "no key was given, and none comes back")


@case
def records(api):
    name = api.stream(2)
    data = [b"", b"\x00\xff" * 100, "\u00fcnic\u00f6d\u00e9".encode()]
    put = api.kinesis.put_records(
        StreamName=name, Records=[{"PartitionKey": "k", "ExplicitHashKey": "0", "Data": item} for item in data]
    )
    equal((put["FailedRecordCount"], {r["ShardId"] for r in put["Records"]}), (0, {"shardId-000000000000"}))
    got = api.records(name)
    equal([record["Data"] for record in got["Records"]], data)
    equal([r["SequenceNumber"] for r in got["Records"]], [r["SequenceNumber"] for r in put["Records"]])
    check(abs(got["Records"][0]["ApproximateArrivalTimestamp"].timestamp() - time.time()) < 60, "arrival is now")
    second = put["Records"][1]["SequenceNumber"]
    for kind, start, expected in (
        ("AT_SEQUENCE_NUMBER", {"StartingSequenceNumber": second}, data[1:]),
        ("AFTER_SEQUENCE_NUMBER", {"StartingSequenceNumber": second}, data[2:]),
        ("AT_TIMESTAMP", {"Timestamp": time.time() - 3600}, data),
        ("LATEST", {}, []),
    ):
        equal([r["Data"] for r in api.records(name, kind=kind, **start)["Records"]], expected, kind)
    last = api.kinesis.put_record(
        StreamARN=api.arn(name), PartitionKey="k", ExplicitHashKey=str(2**128 - 1), Data=b"z", SequenceNumberForOrdering=second
    )
    equal(last["ShardId"], "shardId-000000000001")
    api.refused(
        "DryRunOperationException",
        "Request would have succeeded, but DryRun flag is set.",
        "put_record",
        StreamName=name,
        PartitionKey="k",
        Data=b"z",
        DryRun=True,
    )


@case
def record_errors(api):
    name = api.stream()
    number = r"0|([1-9]\d{0,128})"
    key = r"0|([1-9]\d{0,38})"
    api.invalid([null("partitionKey"), null("data"), null("streamName")], "put_record")
    api.invalid(
        [
            broken("", "sequenceNumberForOrdering", PATTERN.format(number)),
            broken("", "partitionKey", SHORT.format(1)),
            broken("", "explicitHashKey", PATTERN.format(key)),
            broken("", "streamName", PATTERN.format(NAME)),
            broken("", "streamName", SHORT.format(1)),
        ],
        "put_record",
        StreamName="",
        PartitionKey="",
        Data=b"",
        ExplicitHashKey="",
        SequenceNumberForOrdering="",
    )
    api.invalid([null("records"), null("streamName")], "put_records")
    api.invalid([broken("[]", "records", SHORT.format(1))], "put_records", StreamName=name, Records=[])
    api.invalid(
        [null("records.1.member.partitionKey"), null("records.1.member.data")], "put_records", StreamName=name, Records=[{}]
    )
    entry = "com.amazonaws.kinesis.v20131202.PutRecordsRequestEntry@c965e310"
    many = [{"PartitionKey": "k", "Data": b"x"}] * 501
    shown = "[" + ", ".join([entry] * 501) + "]"
    api.invalid([broken(shown, "records", LONG.format(500))], "put_records", StreamName=name, Records=many)
    api.refused(
        "InvalidArgumentException",
        f"Invalid ExplicitHashKey. ExplicitHashKey must be in the range: [0, 2^128-1]. Specified value was {2**128}",
        "put_record",
        StreamName=name,
        PartitionKey="k",
        Data=b"",
        ExplicitHashKey=str(2**128),
    )
    api.refused(
        "InvalidArgumentException",
        f"ExclusiveMinimumSequenceNumber 5 used in PutRecord on stream {api.under(name)} is invalid.",
        "put_record",
        StreamName=name,
        PartitionKey="k",
        Data=b"",
        SequenceNumberForOrdering="5",
    )
    api.invalid([null("shardIterator")], "get_records")
    api.invalid(
        [broken("", "shardIterator", SHORT.format(1)), broken(0, "limit", LOW.format(1))],
        "get_records",
        ShardIterator="",
        Limit=0,
    )
    api.invalid([broken(10001, "limit", HIGH.format(10000))], "get_records", ShardIterator="a", Limit=10001)
    api.refused("InvalidArgumentException", "Invalid ShardIterator.", "get_records", ShardIterator="a")


@case
def iterator_errors(api):
    name = api.stream()
    ask = {"StreamName": name, "ShardId": "shardId-0"}
    api.invalid([null("shardId"), null("shardIteratorType"), null("streamName")], "get_shard_iterator")
    kinds = "AFTER_SEQUENCE_NUMBER, LATEST, AT_TIMESTAMP, AT_SEQUENCE_NUMBER, TRIM_HORIZON"
    enumeration = f"Member must satisfy enum value set: [{kinds}]"
    api.invalid([broken("", "shardIteratorType", enumeration)], "get_shard_iterator", **ask, ShardIteratorType="")
    for kind, number, what in (
        ("AT_SEQUENCE_NUMBER", {}, "no StartingSequenceNumber"),
        ("AFTER_SEQUENCE_NUMBER", {}, "no StartingSequenceNumber"),
        ("LATEST", {"StartingSequenceNumber": "5"}, "also a StartingSequenceNumber"),
        ("TRIM_HORIZON", {"StartingSequenceNumber": "5"}, "also a StartingSequenceNumber"),
    ):
        api.refused(
            "InvalidArgumentException",
            "Must either specify (1) AT_SEQUENCE_NUMBER or AFTER_SEQUENCE_NUMBER and StartingSequenceNumber or "
            f"(2) TRIM_HORIZON or LATEST and no StartingSequenceNumber. Request specified {kind} and {what}.",
            "get_shard_iterator",
            **ask,
            ShardIteratorType=kind,
            **number,
        )
    absent = f"in stream {api.under('no-such')} does not exist"
    for shard, message in (
        ("2147483647", f"Shard shardId-002147483647 {absent}"),
        ("a-00002147483647", f"Shard shardId-002147483647 {absent}"),
        ("2147483648", f"Could not find shard 2147483648 in stream {api.under('no-such')}."),
        ("2.14E4", f"Could not find shard 2.14E4 in stream {api.under('no-such')}."),
    ):
        api.refused(
            "ResourceNotFoundException",
            message,
            "get_shard_iterator",
            StreamName="no-such",
            ShardId=shard,
            ShardIteratorType="LATEST",
        )
    api.refused(
        "ResourceNotFoundException",
        f"Shard shardId-000000000005 in stream {api.under(name)} does not exist",
        "get_shard_iterator",
        StreamName=name,
        ShardId="shardId-5",
        ShardIteratorType="LATEST",
    )
    api.refused(
        "InvalidArgumentException",
        lambda text: text.startswith("The timestampInMillis parameter cannot be greater than the currentTimestampInMillis."),
        "get_shard_iterator",
        **ask,
        ShardIteratorType="AT_TIMESTAMP",
        Timestamp=time.time() + 3600,
    )


@case
def reshards(api):
    name = api.stream(2)
    api.kinesis.put_record(StreamName=name, PartitionKey="k", ExplicitHashKey="0", Data=b"old")
    updated = api.kinesis.update_shard_count(StreamName=name, TargetShardCount=4, ScalingType="UNIFORM_SCALING")
    equal((updated["CurrentShardCount"], updated["TargetShardCount"]), (2, 4))
    api.active(name)
    closed = api.records(name)
    equal([record["Data"] for record in closed["Records"]], [b"old"])
    check("NextShardIterator" not in closed, "a closed shard ends")
    equal(len(closed["ChildShards"]), 2, "children")
    children = sorted(child["ShardId"] for child in closed["ChildShards"])
    api.kinesis.merge_shards(StreamName=name, ShardToMerge=children[0], AdjacentShardToMerge=children[1])
    api.active(name)
    shards = api.kinesis.list_shards(StreamName=name, ShardFilter={"Type": "AT_LATEST"})["Shards"]
    merged = next(shard for shard in shards if shard.get("AdjacentParentShardId"))
    equal(merged["ParentShardId"], children[0])
    parent = next(s for s in api.kinesis.list_shards(StreamName=name)["Shards"] if s["ShardId"] == children[0])
    ended = int(parent["SequenceNumberRange"]["EndingSequenceNumber"])
    check(int(merged["SequenceNumberRange"]["StartingSequenceNumber"]) > ended, "children come after their parents")
    api.kinesis.split_shard(StreamName=name, ShardToSplit=merged["ShardId"], NewStartingHashKey="1000")
    api.active(name)
    equal(api.summary(name)["OpenShardCount"], 4)
    again = {"StreamName": name, "ShardToSplit": merged["ShardId"], "NewStartingHashKey": "1000"}
    api.refused("InvalidArgumentException", lambda text: "already been merged or split" in text, "split_shard", **again)
    last = max(shard["ShardId"] for shard in api.kinesis.list_shards(StreamName=name)["Shards"])
    api.refused(
        "InvalidArgumentException",
        lambda text: text.startswith(f"NewStartingHashKey 0 used in SplitShard() on shard {last} in stream {api.under(name)} is not both"),
        "split_shard",
        StreamName=name,
        ShardToSplit=last,
        NewStartingHashKey="0",
    )
    api.refused(
        "ResourceNotFoundException",
        f"Could not find shard shardId-000000000099 in stream {api.under(name)}.",
        "split_shard",
        StreamName=name,
        ShardToSplit="shardId-99",
        NewStartingHashKey="5",
    )
    api.refused(
        "InvalidArgumentException",
        lambda text: text.endswith("are not an adjacent pair of shards eligible for merging"),
        "merge_shards",
        StreamName=name,
        ShardToMerge=last,
        AdjacentShardToMerge=last,
    )
    api.invalid([null("shardToSplit"), null("newStartingHashKey"), null("streamName")], "split_shard")
    api.invalid([null("shardToMerge"), null("adjacentShardToMerge"), null("streamName")], "merge_shards")
    api.refused(
        "InvalidArgumentException", "Either NextToken or StreamName should be provided.", "list_shards"
    )


@case
def settings(api):
    name = api.stream()
    api.kinesis.increase_stream_retention_period(StreamName=name, RetentionPeriodHours=48)
    api.active(name)
    equal(api.summary(name)["RetentionPeriodHours"], 48)
    api.refused(
        "InvalidArgumentException",
        f"Requested retention period (24 hours) for stream {name} can not be shorter than existing retention period "
        "(48 hours). Use DecreaseRetentionPeriod API.",
        "increase_stream_retention_period",
        StreamName=name,
        RetentionPeriodHours=24,
    )
    api.refused(
        "InvalidArgumentException",
        "Minimum allowed retention period is 24 hours. Requested retention period (23 hours) is too short.",
        "decrease_stream_retention_period",
        StreamName=name,
        RetentionPeriodHours=23,
    )
    api.kinesis.decrease_stream_retention_period(StreamName=name, RetentionPeriodHours=24)
    api.active(name)
    api.kinesis.start_stream_encryption(StreamName=name, EncryptionType="KMS", KeyId="alias/aws/kinesis")
    api.active(name)
    api.kinesis.put_record(StreamName=name, PartitionKey="k", Data=b"x")
    equal(api.records(name)["Records"][0]["EncryptionType"], "KMS")
    equal((api.summary(name)["EncryptionType"], api.summary(name)["KeyId"]), ("KMS", "alias/aws/kinesis"))
    encrypt = {"StreamName": name, "KeyId": "alias/aws/kinesis", "EncryptionType": "ROT13"}
    enumeration = "Member must satisfy enum value set: [NONE, KMS]"
    api.invalid([broken("ROT13", "encryptionType", enumeration)], "start_stream_encryption", **encrypt)
    api.kinesis.stop_stream_encryption(StreamName=name, EncryptionType="KMS", KeyId="alias/aws/kinesis")
    api.active(name)
    equal(api.summary(name)["EncryptionType"], "NONE")
    api.kinesis.update_max_record_size(StreamARN=api.arn(name), MaxRecordSizeInKiB=2048)
    api.active(name)
    api.kinesis.put_record(StreamName=name, PartitionKey="k", Data=bytes(3 << 19))
    monitored = api.kinesis.enable_enhanced_monitoring(StreamName=name, ShardLevelMetrics=["IncomingBytes"])
    equal(monitored["DesiredShardLevelMetrics"], ["IncomingBytes"])
    disabled = api.kinesis.disable_enhanced_monitoring(StreamName=name, ShardLevelMetrics=["ALL"])
    equal(disabled["DesiredShardLevelMetrics"], [])
    api.kinesis.update_stream_mode(StreamARN=api.arn(name), StreamModeDetails={"StreamMode": "ON_DEMAND"})
    api.active(name)
    equal(api.summary(name)["StreamModeDetails"], {"StreamMode": "ON_DEMAND"})
    modes = "Member must satisfy enum value set: [PROVISIONED, ON_DEMAND]"
    api.invalid(
        [broken("X", "streamModeDetails.streamMode", modes)],
        "update_stream_mode",
        StreamARN=api.arn(name),
        StreamModeDetails={"StreamMode": "X"},
    )


@case
def tags(api):
    name = api.stream(Tags={"made": "on create"})
    api.kinesis.add_tags_to_stream(StreamName=name, Tags={"a": "1", "b": "\u00e9 _./=+-@"})
    api.kinesis.tag_resource(ResourceARN=api.arn(name), Tags={"c": "3"})
    listed = api.kinesis.list_tags_for_stream(StreamName=name, Limit=2)
    equal(([tag["Key"] for tag in listed["Tags"]], listed["HasMoreTags"]), (["a", "b"], True))
    api.kinesis.remove_tags_from_stream(StreamName=name, TagKeys=["a", "absent"])
    api.kinesis.untag_resource(ResourceARN=api.arn(name), TagKeys=["b"])
    left = api.kinesis.list_tags_for_resource(ResourceARN=api.arn(name))["Tags"]
    equal([tag["Key"] for tag in left], ["c", "made"])
    api.invalid([null("tags"), null("streamName")], "add_tags_to_stream")
    api.invalid([broken("{}", "tags", SHORT.format(1))], "add_tags_to_stream", StreamName=name, Tags={})
    long, bounds = "k" * 129, f"[{LONG.format(128)}, {SHORT.format(1)}]"
    api.invalid(
        [broken(f"{{{long}=v}}", "tags", f"Map keys must satisfy constraint: {bounds}")],
        "add_tags_to_stream",
        StreamName=name,
        Tags={long: "v"},
    )
    api.invalid(
        [broken(f"[{long}]", "tagKeys", f"Member must satisfy constraint: {bounds}")],
        "remove_tags_from_stream",
        StreamName=name,
        TagKeys=[long],
    )
    api.refused(
        "InvalidArgumentException",
        "Some tags contain invalid characters. Valid characters: Unicode letters, digits, white space, _ . / = + - % @.",
        "add_tags_to_stream",
        StreamName=name,
        Tags={"k": "*"},
    )
    many = {f"key-{n}": "v" for n in range(50)}
    api.refused(
        "InvalidArgumentException", lambda text: "cannot have more than" in text, "add_tags_to_stream", StreamName=name, Tags=many
    )


@case
def policies(api):
    name = api.stream()
    arn = api.arn(name)
    equal(api.kinesis.get_resource_policy(ResourceARN=arn)["Policy"], "{}")
    none = f"No resource policy found for resource ARN {arn}."
    api.refused("ResourceNotFoundException", none, "delete_resource_policy", ResourceARN=arn)
    policy = json.dumps({"Version": "2012-10-17", "Statement": []})
    api.kinesis.put_resource_policy(ResourceARN=arn, Policy=policy)
    equal(api.kinesis.get_resource_policy(ResourceARN=arn)["Policy"], policy)
    api.kinesis.delete_resource_policy(ResourceARN=arn)
    equal(api.kinesis.get_resource_policy(ResourceARN=arn)["Policy"], "{}")
    unknown = f"Stream {arn}-not under account {api.account} not found."
    api.refused("ResourceNotFoundException", unknown, "get_resource_policy", ResourceARN=f"{arn}-not")


@case
def consumers(api):
    name = api.stream()
    stream = api.arn(name)
    made = api.kinesis.register_stream_consumer(StreamARN=stream, ConsumerName="one", Tags={"k": "v"})["Consumer"]
    check(made["ConsumerARN"].startswith(f"{stream}/consumer/one:"), f"the consumer's ARN: {made['ConsumerARN']}")
    equal(made["ConsumerARN"].rsplit(":", 1)[1], str(int(made["ConsumerCreationTimestamp"].timestamp())))
    equal(made["ConsumerStatus"], "CREATING")
    describe = lambda: api.kinesis.describe_stream_consumer(ConsumerARN=made["ConsumerARN"])["ConsumerDescription"]
    for _ in range(600):
        if describe()["ConsumerStatus"] == "ACTIVE":
            break
        time.sleep(0.05)
    equal((describe()["ConsumerStatus"], describe()["StreamARN"]), ("ACTIVE", stream))
    equal(api.summary(name)["ConsumerCount"], 1)
    equal(api.kinesis.list_tags_for_resource(ResourceARN=made["ConsumerARN"])["Tags"], [{"Key": "k", "Value": "v"}])
    listed = api.kinesis.list_stream_consumers(StreamARN=stream)["Consumers"]
    equal([consumer["ConsumerName"] for consumer in listed], ["one"])
    register = {"StreamARN": stream, "ConsumerName": "one"}
    api.refused("ResourceInUseException", lambda text: "already exists" in text, "register_stream_consumer", **register)
    api.refused(
        "ResourceInUseException",
        f"DeleteStream can't delete {stream} because there are consumers associated with this data stream. To delete {name} "
        "anyway, set the EnforceConsumerDeletion parameter to true to force the deletion of all the consumers that are "
        "associated with it.",
        "delete_stream",
        StreamName=name,
    )
    started = time.monotonic()
    answer = api.kinesis.subscribe_to_shard(
        ConsumerARN=made["ConsumerARN"], ShardId="shardId-000000000000", StartingPosition={"Type": "LATEST"}
    )
    api.kinesis.put_record(StreamName=name, PartitionKey="k", Data=b"pushed")
    got = []
    for event in answer["EventStream"]:
        got += event["SubscribeToShardEvent"]["Records"]
        if got:
            break
    equal([record["Data"] for record in got], [b"pushed"])
    check(time.monotonic() - started < 1.5, "records are pushed, not fetched now and then")
    answer["EventStream"].close()
    api.refused(
        "ResourceInUseException",
        lambda text: text.startswith("Another active subscription exists for this consumer"),
        "subscribe_to_shard",
        ConsumerARN=made["ConsumerARN"],
        ShardId="shardId-000000000000",
        StartingPosition={"Type": "LATEST"},
    )
    api.invalid(
        [null("consumerARN"), null("shardId"), null("startingPosition")], "subscribe_to_shard"
    )
    api.kinesis.deregister_stream_consumer(StreamARN=stream, ConsumerName="one")
    api.kinesis.delete_stream(StreamName=name, EnforceConsumerDeletion=True)
    api.invalid([null("streamARN"), null("consumerName")], "register_stream_consumer")


NUMBER = "class com.amazon.coral.value.json.numbers.TruncatingBigNumber"
LIST = "Start of list found where not expected"
MAP = "Start of structure or map found where not expected."
WRONG_TYPES = {
    "Boolean": [
        ("23", "'23' can not be converted to an Boolean"),
        (23, f"{NUMBER} can not be converted to an Boolean"),
        ([], LIST),
        ({}, MAP),
    ],
    "String": [
        (True, "class java.lang.Boolean can not be converted to an String"),
        (23, f"{NUMBER} can not be converted to an String"),
        (34.56, f"{NUMBER} can not be converted to an String"),
        ([], LIST),
        ({}, MAP),
    ],
    "Integer": [
        ("23", "class java.lang.String can not be converted to an Integer"),
        (True, "class java.lang.Boolean can not be converted to an Integer"),
        ([], LIST),
        ({}, MAP),
    ],
    "Timestamp": [
        ("23a", "class java.lang.String can not be converted to milliseconds since epoch"),
        (True, "class java.lang.Boolean can not be converted to milliseconds since epoch"),
        ([], LIST),
        ({}, MAP),
    ],
    "Blob": [
        (True, "class java.lang.Boolean can not be converted to a Blob"),
        (23, f"{NUMBER} can not be converted to a Blob"),
        ([], LIST),
        ({}, MAP),
        ("23456", "'23456' can not be converted to a Blob: Base64 encoded length is expected a multiple of 4 bytes but found: 5"),
        ("=+/=", "'=+/=' can not be converted to a Blob: Invalid Base64 character: '='"),
        ("+/+=", "'+/+=' can not be converted to a Blob: Invalid last non-pad Base64 character dectected"),
    ],
    "List": [("23", "Expected list or null"), (True, "Expected list or null"), ({}, MAP)],
    "Map": [("23", "Expected map or null"), (34.56, "Expected map or null"), ([], LIST)],
    "Structure": [("23", "Expected null"), (23, "Expected null"), ([], LIST)],
}


@case
def wrong_types(api):
    for operation, member, kind in (
        ("PutRecord", "Data", "Blob"),
        ("PutRecord", "PartitionKey", "String"),
        ("PutRecord", "SequenceNumberForOrdering", "String"),
        ("PutRecords", "Records", "List"),
        ("PutRecords", "Records.0", "Structure"),
        ("PutRecords", "Records.0.Data", "Blob"),
        ("CreateStream", "ShardCount", "Integer"),
        ("CreateStream", "StreamName", "String"),
        ("AddTagsToStream", "Tags", "Map"),
        ("AddTagsToStream", "Tags.a", "String"),
        ("RemoveTagsFromStream", "TagKeys", "List"),
        ("RemoveTagsFromStream", "TagKeys.0", "String"),
        ("GetShardIterator", "Timestamp", "Timestamp"),
        ("GetRecords", "Limit", "Integer"),
        ("DeleteStream", "EnforceConsumerDeletion", "Boolean"),
        ("SubscribeToShard", "StartingPosition", "Structure"),
    ):
        for value, message in WRONG_TYPES[kind]:
            for name in reversed(member.split(".")):
                value = [value] if name == "0" else {name: value}
            api.misread(operation, value, message)


@case
def protocol(api):
    unknown, serialization = {"__type": "UnknownOperationException"}, {"__type": "SerializationException"}
    for expected, body, arguments in (
        (serialization, b"", {}),
        (serialization, b"hello", {}),
        (serialization, b"[]", {}),
        (unknown, b"{}", {"target": "Kinesis_20131202.NoSuchThing"}),
        (unknown, b"{}", {"target": None}),
    ):
        status, headers, answer = api.raw(body, **arguments)
        equal((status, json.loads(answer)), (400, expected), f"{body} {arguments}")
        equal(headers["content-type"], "application/x-amz-json-1.1")
        uuid.UUID(headers["x-amzn-requestid"])
        check(72 <= len(base64.b64decode(headers["x-amz-id-2"])) <= 80, "the second id of the request")


@case
def signatures(api):
    def error(code, message, **headers):
        path = headers.pop("path", "/")
        status, _, answer = api.raw(b"{}", path=path, **headers)
        equal((status, json.loads(answer)), (400, {"__type": code, "message": message}), str(headers))

    error("MissingAuthenticationTokenException", "Missing Authentication Token", Authorization=None)
    error(
        "InvalidSignatureException",
        "Found both 'X-Amz-Algorithm' as a query-string param and 'Authorization' as HTTP header.",
        path="/?X-Amz-Algorithm",
    )
    requires = "Authorization header requires '{}' parameter. "
    error(
        "IncompleteSignatureException",
        requires.format("SignedHeaders") + "Authorization=AWS4- Signature=b, Credential=a",
        Authorization="AWS4- Signature=b, Credential=a",
    )
    error(
        "IncompleteSignatureException",
        "".join(requires.format(name) for name in ("Credential", "Signature", "SignedHeaders"))
        + "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. Authorization=X",
        Authorization="X",
        X_Amz_Date=None,
    )
    must = "AWS query-string parameters must include '{}'. "
    names = ("X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Signature", "X-Amz-SignedHeaders", "X-Amz-Date")
    error(
        "IncompleteSignatureException",
        "".join(must.format(name) for name in names) + "Re-examine the query-string parameters.",
        path="/?X-Amz-Algorithm",
        Authorization=None,
    )


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--endpoint", required=True)
    arguments.add_argument("--only", action="append", default=[], choices=[function.__name__ for function in CASES])
    chosen = arguments.parse_args()
    api = Api(chosen.endpoint)
    failed = 0
    for function in CASES:
        if chosen.only and function.__name__ not in chosen.only:
            continue
        started = time.monotonic()
        try:
            function(api)
            print(f"kinesis {function.__name__}: ok ({time.monotonic() - started:.2f} s)")
        except (Broken, ClientError, KeyError) as error:
            failed += 1
            print(f"kinesis {function.__name__}: FAILED: {error}")
    for name in api.made:
        try:
            api.kinesis.delete_stream(StreamName=name, EnforceConsumerDeletion=True)
        except ClientError:
            pass
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
