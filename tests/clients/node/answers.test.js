// What the official client gets when all is well.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Lab, collect, handle, textOf, user } from './lab.js';

describe('answers', { concurrency: true }, () => {
  let lab, client;
  before(async () => {
    lab = await Lab.open();
    client = lab.client().client;
  });
  after(() => lab?.close());

  it('lists the handles, and finds one', async () => {
    const listed = [];
    for await (const model of client.models.list()) listed.push(model.id);
    assert.ok(listed.includes(handle('plain')), listed);
    const model = await client.models.retrieve(handle('plain'));
    assert.equal(model.id, handle('plain'));
    assert.equal(model.object, 'model');
    assert.ok(model.context_length > 0, model);
  });

  it('gives text, usage and the receipt', async () => {
    const ask = client.chat.completions.create({ model: handle('plain'), messages: user('hi') });
    const { data: answer, response } = await ask.withResponse();
    const { ensc: receipt } = answer;
    assert.equal(answer.choices[0].message.content, 'one two three');
    assert.equal(answer.choices[0].finish_reason, 'stop');
    assert.equal(answer.model, handle('plain'));
    assert.equal(receipt.totals.calls, 3);
    assert.equal(receipt.degraded, false);
    assert.equal(answer.usage.completion_tokens, receipt.totals.completion_tokens);
    assert.equal(response.headers.get('x-ensc-run'), receipt.run);
    assert.equal(answer._request_id, receipt.run);
    const calls = (await lab.calls('plain')).filter((call) => call.headers['x-litellm-trace-id'] === receipt.run);
    assert.equal(calls.length, 3);
  });

  it('streams text, then the receipt, then the finish with usage', async () => {
    const chunks = await collect(
      await client.chat.completions.create({ model: handle('plain'), messages: user('hi'), stream: true }),
    );
    assert.equal(chunks[0].choices[0].delta.role, 'assistant');
    assert.equal(textOf(chunks), 'one two three');
    const at = chunks.findIndex((chunk) => chunk.choices[0].delta.provider_specific_fields);
    const receipt = chunks[at].choices[0].delta.provider_specific_fields.ensc;
    assert.deepEqual(receipt, chunks[at].ensc);
    assert.equal(receipt.handle, handle('plain'));
    assert.equal(at, chunks.length - 2);
    assert.equal(chunks.at(-1).choices[0].finish_reason, 'stop');
    assert.equal(chunks.at(-1).usage.completion_tokens, receipt.totals.completion_tokens);
  });

  it('streams usage on a chunk of its own if asked', async () => {
    const stream_options = { include_usage: true };
    const chunks = await collect(
      await client.chat.completions.create({ model: handle('plain'), messages: user('hi'), stream: true, stream_options }),
    );
    assert.deepEqual(chunks.at(-1).choices, []);
    assert.ok(chunks.at(-1).usage.total_tokens > 0);
  });

  it('streams into the helper that builds the whole answer', async () => {
    const stream = client.chat.completions.stream({ model: handle('plain'), messages: user('hi') });
    const deltas = [];
    stream.on('content', (delta) => deltas.push(delta));
    const answer = await stream.finalChatCompletion();
    assert.equal(deltas.join(''), 'one two three');
    assert.equal(answer.choices[0].message.content, 'one two three');
    assert.equal(answer.choices[0].finish_reason, 'stop');
    assert.ok((await stream.totalUsage()).total_tokens > 0);
  });
});
