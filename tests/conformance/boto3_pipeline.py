"""A pipeline built with boto3 alone: what the endpoint offers, it offers to any AWS client.

Creates a stream, puts and reads records; makes a function, invokes it; makes a delivery that the function
transforms, fed by direct put and then from the stream; reads the objects from S3; deletes it all.
Each step is checked, and the first that does not hold ends the run with exit code 1.

    python boto3_pipeline.py --endpoint http://127.0.0.1:4566 [--without drops --without compression --without create-tags]

`--without` names what the endpoint is known not to do. LocalStack keeps dropped records, never compresses and
forgets the tags that a stream is created with.
"""

import argparse
import base64
import gzip
import io
import json
import sys
import time
import uuid
import zipfile

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

HANDLER = '''
import base64, json

def handle(event, context):
    if "records" not in event:
        if event.get("fail"):
            raise ValueError(event["fail"])
        return {"echo": event, "function": context.function_name}
    answers = []
    for record in event["records"]:
        click = json.loads(base64.b64decode(record["data"]))
        click["seen"] = True
        data = base64.b64encode((json.dumps(click) + "\\n").encode()).decode()
        result = "Dropped" if click["page"] == "/health" else "Ok"
        answers.append({"recordId": record["recordId"], "result": result, "data": data})
    return {"records": answers}
'''


class Broken(Exception):
    """A step did not do what AWS does."""


def check(holds, message):
    if not holds:
        raise Broken(message)


def eventually(what, probe, seconds=60):
    """Asks until the answer is true: the endpoint works in the background, as AWS does."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if answer := probe():
            return answer
        time.sleep(0.1)
    raise Broken(f"{what}: not after {seconds} s")


def error_code(call, **arguments):
    try:
        call(**arguments)
    except ClientError as error:
        return error.response["Error"]["Code"]
    return None


class Pipeline:
    def __init__(self, endpoint, without):
        settings = Config(retries={"max_attempts": 2}, s3={"addressing_style": "path"}, read_timeout=90)
        session = boto3.Session("test", "test", region_name="eu-west-1")
        self.clients = {
            name: session.client(name, endpoint_url=endpoint, config=settings)
            for name in ("kinesis", "firehose", "lambda", "s3", "iam", "sts", "logs", "cloudwatch")
        }
        self.without = without
        self.name = f"boto3-{uuid.uuid4().hex[:8]}"

    def __getattr__(self, name):
        return self.clients[name.rstrip("_")]

    def identity(self):
        answer = self.sts.get_caller_identity()
        check(len(answer["Account"]) == 12, f"an account of twelve digits, not {answer['Account']}")
        self.account = answer["Account"]

    def stream(self):
        self.kinesis.create_stream(StreamName=self.name, ShardCount=2, Tags={"made": "by boto3"})
        code = error_code(self.kinesis.create_stream, StreamName=self.name, ShardCount=2)
        check(code == "ResourceInUseException", f"a second create answers ResourceInUseException, not {code}")
        self.kinesis.get_waiter("stream_exists").wait(StreamName=self.name, WaiterConfig={"Delay": 1})
        summary = self.kinesis.describe_stream_summary(StreamName=self.name)["StreamDescriptionSummary"]
        check(summary["OpenShardCount"] == 2, f"two open shards, not {summary['OpenShardCount']}")
        self.stream_arn = summary["StreamARN"]
        self.kinesis.add_tags_to_stream(StreamName=self.name, Tags={"owner": "boto3"})
        tags = {tag["Key"]: tag["Value"] for tag in self.kinesis.list_tags_for_stream(StreamName=self.name)["Tags"]}
        check(tags.pop("made", None) == "by boto3" or "create-tags" in self.without, "tags on create are kept")
        check(tags == {"owner": "boto3"}, f"the tag comes back, not {tags}")
        check(self.name in self.kinesis.list_streams()["StreamNames"], "the stream is listed")

    def put_and_read(self):
        sent = {f"user-{n}": f"line {n} \u00e9".encode() for n in range(50)}
        answer = self.kinesis.put_records(
            StreamName=self.name,
            Records=[{"PartitionKey": key, "Data": data} for key, data in sent.items()],
        )
        check(answer["FailedRecordCount"] == 0, f"no record fails: {answer['FailedRecordCount']} did")
        one = self.kinesis.put_record(StreamName=self.name, PartitionKey="single", Data=b"\x00\xff")
        check(one["ShardId"].startswith("shardId-"), "a put names its shard")
        sent["single"] = b"\x00\xff"
        read = {}

        def read_all():
            for shard in self.kinesis.list_shards(StreamName=self.name)["Shards"]:
                iterator = self.kinesis.get_shard_iterator(
                    StreamName=self.name, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
                )["ShardIterator"]
                for record in self.kinesis.get_records(ShardIterator=iterator)["Records"]:
                    read[record["PartitionKey"]] = record["Data"]
            return len(read) >= len(sent)

        eventually("the records are readable", read_all)
        check(read == sent, "what was put is what is read")
        code = error_code(self.kinesis.describe_stream_summary, StreamName="no-such-stream")
        check(code == "ResourceNotFoundException", f"an unknown stream answers ResourceNotFoundException, not {code}")

    def role(self):
        trust = {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Principal": {"Service": ["lambda.amazonaws.com", "firehose.amazonaws.com"]},
                    "Action": "sts:AssumeRole",
                }
            ],
        }
        document = json.dumps(trust)
        created = self.iam.create_role(RoleName=self.name, AssumeRolePolicyDocument=document)
        self.role_arn = created["Role"]["Arn"]
        read = self.iam.get_role(RoleName=self.name)["Role"]
        check(read["AssumeRolePolicyDocument"] == trust, "the trust policy comes back as it was sent")
        policy = {
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Action": ["s3:*", "kinesis:*", "lambda:*"], "Resource": "*"}],
        }
        self.iam.put_role_policy(RoleName=self.name, PolicyName="all", PolicyDocument=json.dumps(policy))
        read = self.iam.get_role_policy(RoleName=self.name, PolicyName="all")
        check(read["PolicyDocument"] == policy, "the policy comes back as it was sent")

    def function(self):
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w") as package:
            package.writestr("clicks.py", HANDLER)
        created = self.lambda_.create_function(
            FunctionName=self.name,
            Runtime="python3.12",
            Handler="clicks.handle",
            Role=self.role_arn,
            Code={"ZipFile": archive.getvalue()},
            Timeout=10,
        )
        self.function_arn = created["FunctionArn"]
        self.lambda_.get_waiter("function_active_v2").wait(FunctionName=self.name, WaiterConfig={"Delay": 1})
        answer = self.lambda_.invoke(FunctionName=self.name, Payload=b'{"page": "/"}', LogType="Tail")
        payload = json.load(answer["Payload"])
        check("FunctionError" not in answer, f"the function runs: {payload}")
        check(payload == {"echo": {"page": "/"}, "function": self.name}, f"the answer is the function's, not {payload}")
        log = base64.b64decode(answer["LogResult"]).decode()
        check(log.startswith("START RequestId: ") and "REPORT RequestId: " in log, f"the log's tail, not {log!r}")
        answer = self.lambda_.invoke(FunctionName=self.name, Payload=b'{"fail": "on purpose"}')
        check(answer.get("FunctionError") == "Unhandled", "an exception is a function error")
        payload = json.load(answer["Payload"])
        check(payload["errorType"] == "ValueError", f"the exception's type, not {payload}")
        check(payload["errorMessage"] == "on purpose", f"the exception's message, not {payload}")

    def delivery(self, name, compression, **source):
        self.firehose.create_delivery_stream(
            DeliveryStreamName=name,
            ExtendedS3DestinationConfiguration={
                "RoleARN": self.role_arn,
                "BucketARN": f"arn:aws:s3:::{self.name}",
                "Prefix": f"{name}/",
                "ErrorOutputPrefix": "errors/",
                "BufferingHints": {"SizeInMBs": 1, "IntervalInSeconds": 1},
                "CompressionFormat": compression,
                "ProcessingConfiguration": {
                    "Enabled": True,
                    "Processors": [
                        {
                            "Type": "Lambda",
                            "Parameters": [
                                {"ParameterName": "LambdaArn", "ParameterValue": self.function_arn},
                                {"ParameterName": "BufferSizeInMBs", "ParameterValue": "1"},
                                {"ParameterName": "BufferIntervalInSeconds", "ParameterValue": "1"},
                            ],
                        }
                    ],
                },
            },
            **source,
        )
        describe = lambda: self.firehose.describe_delivery_stream(DeliveryStreamName=name)["DeliveryStreamDescription"]
        eventually("the delivery is active", lambda: describe()["DeliveryStreamStatus"] == "ACTIVE")
        destination = describe()["Destinations"][0]["ExtendedS3DestinationDescription"]
        check(destination["BucketARN"] == f"arn:aws:s3:::{self.name}", "the destination is described")
        return name

    def lines(self, prefix):
        found = []
        for entry in self.s3.list_objects_v2(Bucket=self.name, Prefix=f"{prefix}/").get("Contents", []):
            body = self.s3.get_object(Bucket=self.name, Key=entry["Key"])["Body"].read()
            if body[:2] == b"\x1f\x8b":
                check("compression" not in self.without, "an endpoint without compression does not compress")
                body = gzip.decompress(body)
            found += [json.loads(line) for line in body.splitlines()]
        return found

    def delivered(self, prefix, clicks):
        wanted = [dict(click, seen=True) for click in clicks if click["page"] != "/health" or "drops" in self.without]
        order = lambda click: click["n"]
        eventually("the objects hold every click", lambda: len(self.lines(prefix)) >= len(wanted))
        found = sorted(self.lines(prefix), key=order)
        check(found == sorted(wanted, key=order), "the objects hold each click once, as the function left it")

    def direct_put(self):
        self.s3.create_bucket(
            Bucket=self.name, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
        )
        name = self.delivery(f"{self.name}-direct", "UNCOMPRESSED", DeliveryStreamType="DirectPut")
        clicks = [{"n": n, "page": "/health" if n % 5 == 0 else "/"} for n in range(20)]
        answer = self.firehose.put_record_batch(
            DeliveryStreamName=name, Records=[{"Data": json.dumps(click).encode()} for click in clicks]
        )
        check(answer["FailedPutCount"] == 0, "no record fails")
        check(len(answer["RequestResponses"]) == 20, "each record has its response")
        self.delivered(name, clicks)

    def from_stream(self):
        name = self.delivery(
            f"{self.name}-stream",
            "GZIP",
            DeliveryStreamType="KinesisStreamAsSource",
            KinesisStreamSourceConfiguration={"KinesisStreamARN": self.stream_arn, "RoleARN": self.role_arn},
        )
        clicks = [{"n": n, "page": "/cart"} for n in range(100)]
        self.kinesis.put_records(
            StreamName=self.name,
            Records=[{"PartitionKey": str(c["n"]), "Data": json.dumps(c).encode()} for c in clicks],
        )
        self.delivered(name, clicks)

    def metrics(self):
        self.cloudwatch.put_metric_data(
            Namespace="Conformance", MetricData=[{"MetricName": self.name, "Value": 42.0, "Unit": "Count"}]
        )

        def read():
            now = time.time()
            return self.cloudwatch.get_metric_statistics(
                Namespace="Conformance",
                MetricName=self.name,
                StartTime=now - 600,
                EndTime=now + 60,
                Period=60,
                Statistics=["Sum"],
            )["Datapoints"]

        check(eventually("the metric is readable", read)[0]["Sum"] == 42.0, "the metric is what was put")

    def logs_of_function(self):
        group = f"/aws/lambda/{self.name}"

        def read():
            try:
                return self.logs.filter_log_events(logGroupName=group)["events"]
            except self.logs.exceptions.ResourceNotFoundException:
                return []

        eventually("the function's log is there", lambda: any("on purpose" in e["message"] for e in read()))
        self.logs.delete_log_group(logGroupName=group)

    def delete(self):
        for suffix in ("direct", "stream"):
            self.firehose.delete_delivery_stream(DeliveryStreamName=f"{self.name}-{suffix}")
        self.lambda_.delete_function(FunctionName=self.name)
        self.iam.delete_role_policy(RoleName=self.name, PolicyName="all")
        self.iam.delete_role(RoleName=self.name)
        for entry in self.s3.list_objects_v2(Bucket=self.name).get("Contents", []):
            self.s3.delete_object(Bucket=self.name, Key=entry["Key"])
        self.s3.delete_bucket(Bucket=self.name)
        self.kinesis.delete_stream(StreamName=self.name)
        self.kinesis.get_waiter("stream_not_exists").wait(StreamName=self.name, WaiterConfig={"Delay": 1})
        code = error_code(self.lambda_.get_function, FunctionName=self.name)
        check(code == "ResourceNotFoundException", f"the function is gone, not {code}")
        code = error_code(self.iam.get_role, RoleName=self.name)
        check(code == "NoSuchEntity", f"the role is gone, not {code}")


STEPS = (
    "identity",
    "stream",
    "put_and_read",
    "role",
    "function",
    "direct_put",
    "from_stream",
    "metrics",
    "logs_of_function",
    "delete",
)


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--endpoint", required=True)
    arguments.add_argument("--without", action="append", default=[], choices=["drops", "compression", "create-tags"])
    chosen = arguments.parse_args()
    pipeline = Pipeline(chosen.endpoint, chosen.without)
    for step in STEPS:
        started = time.monotonic()
        try:
            getattr(pipeline, step)()
        except Broken as broken:
            print(f"boto3 {step}: FAILED: {broken}")
            return 1
        except ClientError as error:
            print(f"boto3 {step}: FAILED: {error}")
            return 1
        print(f"boto3 {step}: ok ({time.monotonic() - started:.1f} s)", flush=True)
    print(f"{len(STEPS)} passed, 0 failed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
