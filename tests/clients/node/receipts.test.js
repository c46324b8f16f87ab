// What the daemon tells beside the answer: that a member was lost, and how far the run is.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Lab, collect, handle, textOf, user } from './lab.js';

const LOST = ['`drafts[0]` (watched-one) answered empty text'];

describe('receipts', { concurrency: true }, () => {
  let lab, client;
  before(async () => {
    lab = await Lab.open();
    client = lab.client().client;
  });
  after(() => lab?.close());

  const question = { model: handle('watched'), messages: user('hi') };
  const stream = async (more) => collect(await client.chat.completions.create({ ...question, ...more, stream: true }));

  it('tell that a member was lost, and so does the head', async () => {
    const { data, response } = await client.chat.completions.create(question).withResponse();
    assert.equal(data.choices[0].message.content, 'so then');
    assert.deepEqual([data.ensc.degraded, data.ensc.degraded_because], [true, LOST]);
    const head = (name) => response.headers.get(`${lab.headers}${name}`);
    assert.deepEqual([head('x-ensc-degraded'), head('x-ensc-calls')], ['true', '3']);
  });

  it('tell in a stream that a member was lost', async () => {
    const deltas = (await stream()).map((chunk) => chunk.choices[0].delta);
    const receipts = deltas.flatMap((delta) => delta.provider_specific_fields?.ensc ?? []);
    assert.deepEqual(receipts.map((receipt) => [receipt.degraded, receipt.degraded_because]), [[true, LOST]]);
  });

  it('are preceded by how far the calls are, if asked, until the reply begins', async () => {
    const chunks = await stream({ ensc: { progress: true } });
    const deltas = chunks.map((chunk) => chunk.choices[0].delta);
    const lines = deltas.flatMap((delta) => delta.reasoning_content || []);
    assert.match(lines[0], /^0 of 2 calls, \d\.\d s\n$/);
    assert.ok(lines.length > 1, lines);
    const last = deltas.findLastIndex((delta) => delta.reasoning_content);
    assert.ok(deltas.findIndex((delta) => delta.content) > last, 'no progress once the reply has begun');
    assert.equal(textOf(chunks), 'so then');
  });
});
