"""The records of a Firehose transform event, as AWS sends them.

LocalStack leaves out ``recordId``, without which no transform can answer, and gives records that were
put directly the metadata of a Kinesis record, with a time in a format that AWS does not use.
"""

import time
import uuid


def complete_records(_provider, records: list[dict]) -> None:
    """Stands in for ``FirehoseProvider._add_missing_record_attributes``."""
    arrived = int(time.time() * 1000)
    for record in records:
        record.setdefault("recordId", uuid.uuid4().hex)
        record.setdefault("approximateArrivalTimestamp", arrived)
