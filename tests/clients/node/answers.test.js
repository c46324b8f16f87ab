// What the official client gets when all is well.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { zodResponseFormat } from 'openai/helpers/zod';
import { z } from 'zod';
import { Lab, collect, handle, textOf, user } from './lab.js';

const Invoice = z.object({ number: z.string(), total: z.number(), paid: z.boolean(), lines: z.array(z.string()) });

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

  it('gives what a schema asks for, parsed', async () => {
    const answer = await client.chat.completions.parse({
      model: handle('shape'),
      messages: user('Invoice R-17: two chairs, one desk. Total 431.50, not paid yet.'),
      response_format: zodResponseFormat(Invoice, 'invoice'),
    });
    assert.ok(Invoice.safeParse(answer.choices[0].message.parsed).success, answer.choices[0].message);
    const [chief] = (await lab.calls('shape')).filter((call) => call.model === 'shape-chief');
    assert.equal(chief.body.response_format.json_schema.name, 'invoice');
  });

  it('streams what a schema asks for into the helper that builds the whole answer, parsed', async () => {
    const stream = client.chat.completions.stream({
      model: handle('shape-stream'),
      messages: user('Invoice R-17: two chairs, one desk. Total 431.50, not paid yet.'),
      response_format: zodResponseFormat(Invoice, 'invoice'),
    });
    const pieces = [];
    stream.on('content.delta', ({ delta }) => pieces.push(delta));
    const [{ message }] = (await stream.finalChatCompletion()).choices;
    assert.ok(pieces.length > 1, `it came in pieces: ${pieces}`);
    assert.deepEqual(message.parsed, JSON.parse(pieces.join('')));
    assert.ok(Invoice.safeParse(message.parsed).success, message);
    const [chief] = (await lab.calls('shape-stream')).filter((call) => call.model === 'shape-stream-chief');
    assert.equal(chief.body.response_format.json_schema.name, 'invoice');
    assert.equal(chief.body.stream, true);
  });

  it('gives two choices, two answers over the same drafts', async () => {
    const { choices, ensc } = await client.chat.completions.create({ model: handle('twice'), messages: user('hi'), n: 2 });
    assert.deepEqual(choices.map((choice) => choice.message.content).sort(), ['another', 'one way']);
    assert.deepEqual(choices.map((choice) => choice.index), [0, 1]);
    assert.equal(ensc.choices.given, 2);
    const calls = (await lab.calls('twice')).map((call) => call.model).sort();
    assert.deepEqual(calls, ['twice-chief', 'twice-chief', 'twice-one', 'twice-two']);
  });

  it('streams two choices into the helper that builds the whole answer', async () => {
    const question = { model: handle('twice-stream'), messages: user('hi'), n: 2 };
    const { choices } = await client.chat.completions.stream(question).finalChatCompletion();
    assert.deepEqual(choices.map((choice) => choice.message.content).sort(), ['another', 'one way']);
    assert.deepEqual(choices.map((choice) => choice.finish_reason), ['stop', 'stop']);
  });

  it('shows images to every call, byte for byte', async () => {
    const pixels = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';
    const parts = [
      { type: 'text', text: 'Which is larger – the “red” or the <blue>?\n\t\u{1f534}\u{1f535}' },
      { type: 'image_url', image_url: { url: `data:image/png;base64,${pixels}`, detail: 'low' } },
      { type: 'image_url', image_url: { url: 'https://example.org/blue.png?a=1&b=%20' } },
    ];
    const watched = lab.client();
    await watched.client.chat.completions.create({ model: handle('images'), messages: user(parts) });
    const message = JSON.stringify(user(parts)[0]);
    assert.ok(watched.requests[0].body.includes(message), 'the client sends it as we write it');
    const calls = await lab.calls('images');
    assert.deepEqual(calls.map((call) => call.model).sort(), ['images-chief', 'images-one', 'images-two']);
    assert.equal((await lab.ledger()).split(message).length - 1, 3);
  });
});
