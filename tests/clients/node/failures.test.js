// Errors as the official client raises them, and how often it asks when left to itself: `../lab/statuses.json`, row by row.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import OpenAI from 'openai';
import { Lab, collect, handle, rejection, user } from './lab.js';

const ROWS = JSON.parse(readFileSync(new URL('../lab/statuses.json', import.meta.url)));

describe('failures', { concurrency: true }, () => {
  let lab;
  before(async () => {
    lab = await Lab.open();
  });
  after(() => lab?.close());

  for (const row of ROWS) {
    it(row.what, async () => {
      const { ensemble, body = {}, headers = {}, stream = false, mebibytes = 0 } = row.ask;
      const daemon = row.ask.daemon === 'cut off' ? lab.cutOff : lab.daemon;
      const { client, requests } = lab.client(row.ask.key ? { apiKey: row.ask.key } : {}, daemon);
      const content = 'hi'.padEnd(mebibytes << 20, '.');
      const ask = async () => {
        const question = { model: handle(ensemble), messages: user(content), stream, ...body };
        const answer = await client.chat.completions.create(question, { headers });
        return stream ? collect(answer) : answer;
      };
      const error = await rejection(ask());
      assert.ok(error instanceof OpenAI.APIError, error);
      assert.equal(error.constructor.name, row.node);
      assert.equal(error.status, stream ? undefined : row.status);
      assert.equal(error.code, row.code);
      assert.ok(error.message.length > 10, error.message);
      assert.equal((error.requestID ?? '').startsWith('run-'), row.runs > 0);
      assert.equal(requests.length, row.requests);
      waited(requests, row.retry_after ?? 0);
      assert.equal(await lab.runs(ensemble, row.runs, daemon), row.runs);
    });
  }
});

/** Whether the client waited between its tries as it was told to. */
function waited(requests, seconds) {
  const gaps = requests.slice(1).map((request, index) => (request.at - requests[index].at) / 1000);
  assert.ok(gaps.every((gap) => gap >= seconds), `waited ${gaps} s, told ${seconds} s`);
}
