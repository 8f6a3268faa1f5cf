// aws-kinesis-agg of npm, asked over stdin as peer.py is. PIPECTL_KINESIS_AGG_NODE_MODULES says where it is installed.
'use strict';
const path = require('path');
const readline = require('readline');
const agg = require(path.join(process.env.PIPECTL_KINESIS_AGG_NODE_MODULES, 'aws-kinesis-agg'));

function encode(records) {
  const aggregator = new agg.RecordAggregator();
  for (const { key, hash, data } of records) {
    const record = { partitionKey: key, data: Buffer.from(data, 'hex') };
    if (hash !== null) record.explicitHashKey = hash;
    aggregator.addUserRecord(record);
  }
  return { data: aggregator.build().data.toString('hex') };
}

function kinesisRecord(data) {
  return { partitionKey: 'a', sequenceNumber: '495', data: data.toString('base64') };
}

function decode(data) {
  const records = [];
  let error = null;
  let passed = false;
  agg.deaggregate(kinesisRecord(Buffer.from(data, 'hex')), true, (failed, record) => {
    if (record.subSequenceNumber === undefined) {
      passed = true;
      return;
    }
    records.push({
      key: record.partitionKey,
      hash: record.explicitPartitionKey === undefined ? null : record.explicitPartitionKey,
      data: Buffer.from(record.data, 'base64').toString('hex'),
      sub: record.subSequenceNumber,
    });
  }, (failed) => { if (failed) error = String(failed); });
  if (error !== null) return { error };
  return passed ? { passed: true } : { records };
}

function best(rounds, work) {
  let least = Infinity;
  for (let round = 0; round < rounds; round++) {
    const started = process.hrtime.bigint();
    work();
    least = Math.min(least, Number(process.hrtime.bigint() - started) / 1e9);
  }
  return least;
}

function bench({ records, rounds }) {
  const keys = Array.from({ length: records }, (_, n) => String(n).padStart(36, '0'));
  const data = Buffer.alloc(100, 'x');
  let aggregates = [];
  // It has no limit of its own below 1 MiB, so the sizes are added up here, as cheaply as can be.
  const encoded = best(rounds, () => {
    aggregates = [];
    const aggregator = new agg.RecordAggregator();
    let size = 20;
    for (const key of keys) {
      if (size + 145 > 51200) {
        aggregates.push(aggregator.build().data);
        size = 20;
      }
      size += 145;
      aggregator.addUserRecord({ partitionKey: key, data });
    }
    aggregates.push(aggregator.build().data);
  });
  const page = aggregates.map(kinesisRecord);
  const decoded = best(rounds, () => {
    let found = 0;
    for (const record of page) {
      agg.deaggregate(record, true, () => { found++; }, (failed) => { if (failed) throw failed; });
    }
    if (found !== records) throw new Error(`${found} of ${records}`);
  });
  return { encode: encoded, decode: decoded };
}

function answer(request) {
  if (request.bench) return bench(request.bench);
  if (request.encode) return encode(request.encode);
  return decode(request.decode);
}

readline.createInterface({ input: process.stdin }).on('line', (line) => {
  let answered;
  try {
    answered = answer(JSON.parse(line));
  } catch (error) { // what it fails on is an answer too
    answered = { error: String(error) };
  }
  process.stdout.write(JSON.stringify(answered) + '\n');
});
