// Members think for longer than the client reads from a silent connection: 11 s and 8 s. Heartbeats come every 5 s.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import OpenAI from 'openai';
import { Agent } from 'undici';
import { Lab, THROUGH, collect, handle, rejection, textOf, user } from './lab.js';

const READ_TIMEOUT_MS = 8_000;

describe('silence', { concurrency: true }, () => {
  let lab, client;
  before(async () => {
    lab = await Lab.open();
    const dispatcher = new Agent({ headersTimeout: READ_TIMEOUT_MS, bodyTimeout: READ_TIMEOUT_MS });
    ({ client } = lab.client({ timeout: READ_TIMEOUT_MS, fetchOptions: { dispatcher } }));
  });
  after(() => lab?.close());

  const stream = async (model, who = client) =>
    collect(await who.chat.completions.create({ model, messages: user('hi'), stream: true }));

  it('is bridged before the first token', async () => {
    const chunks = await stream(handle('silent-start'));
    assert.equal(chunks.at(-1).choices[0].finish_reason, 'stop');
    assert.equal(await lab.runs('silent-start', 1), 1);
  });

  it('is bridged in the middle of an answer', async () => {
    const chunks = await stream(handle('silent-middle'));
    assert.equal(textOf(chunks), 'so then');
    assert.equal(await lab.runs('silent-middle', 1), 1);
  });

  // LiteLLM would be the first to lose patience, and say so; the suite for Python hears it
  it('breaks a stream that nobody keeps alive', { skip: THROUGH !== null }, async () => {
    const direct = lab.client({ timeout: READ_TIMEOUT_MS, fetchOptions: client.fetchOptions }, lab.models);
    const error = await rejection(stream('unhelped', direct.client));
    assert.equal(`${error.name}: ${error.message}, ${error.cause?.name}`, 'TypeError: terminated, BodyTimeoutError');
    assert.equal(direct.requests.length, 1);
  });

  it('is told in time where nothing can bridge it: an answer in one piece', async () => {
    const question = { model: handle('silent-whole'), messages: user('hi') };
    const error = await rejection(client.chat.completions.create(question, { timeout: READ_TIMEOUT_MS }));
    assert.ok(error instanceof OpenAI.APIError && error.status === 424, error);
    assert.equal(error.code, THROUGH ? '424' : 'ensemble_failed');
    assert.equal(await lab.runs('silent-whole', 1), 1);
  });

  // this library tells of a timeout only if it is given with the question
  it('costs three runs if the timeout is set where the daemon cannot see it', { skip: THROUGH !== null }, async () => {
    const { client, requests } = lab.client({ timeout: 1_000 });
    const error = await rejection(client.chat.completions.create({ model: handle('silent-untold'), messages: user('hi') }));
    assert.ok(error instanceof OpenAI.APIConnectionTimeoutError, error);
    assert.equal(requests.length, 3);
    assert.equal(await lab.runs('silent-untold', 3), 3);
    assert.ok((await lab.ends('silent-untold')).every((end) => end.endsWith('cancelled')));
  });
});
