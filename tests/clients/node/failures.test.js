// Errors as the official client raises them, and how often it asks when left to itself: `../lab/statuses.json`, row by row.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import OpenAI from 'openai';
import { Lab, THROUGH, collect, handle, rejection, user } from './lab.js';
import { StandIn } from './standin.js';

const ROWS = JSON.parse(readFileSync(new URL('../lab/statuses.json', import.meta.url)));

describe('failures', { concurrency: true }, () => {
  let lab, crowd;
  before(async () => {
    lab = await Lab.open();
    crowd = await lab.crowd();
  });
  after(async () => {
    crowd?.leave();
    await lab?.close();
  });

  for (const row of THROUGH ? [] : ROWS.filter((row) => row.ask.daemon !== 'stand-in')) {
    it(row.what, async () => {
      const { ask } = row;
      const daemon = ask.daemon === 'cut off' ? lab.cutOff : lab.daemon;
      const { client, requests } = lab.client(ask.key ? { apiKey: ask.key } : {}, daemon);
      const error = await rejection(asked(client, ask));
      tells(error, row);
      assert.equal((error.requestID ?? '').startsWith('run-'), row.runs > 0);
      assert.equal(requests.length, row.requests);
      waited(requests, row.retry_after ?? 0);
      assert.equal(await lab.runs(ask.ensemble, row.runs, daemon), row.runs);
    });
  }

  for (const row of THROUGH ? [] : ROWS.filter((row) => row.ask.daemon === 'stand-in')) {
    it(`${row.what}, said by a stand-in`, async () => {
      const standIn = await StandIn.open(row);
      try {
        tells(await rejection(asked(lab.client({}, standIn).client, row.ask)), row);
        assert.equal(standIn.asked, row.requests);
      } finally {
        standIn.close();
      }
    });
  }

  // where LiteLLM does not ask the daemon itself, the suite for Python has a stand-in
  for (const row of THROUGH ? ROWS.filter((row) => row.litellm && !row.litellm.stand_in) : []) {
    it(`${row.what}, through LiteLLM`, async () => {
      const { ask, litellm: seen } = row;
      const { client, requests } = lab.client();
      const error = await rejection(asked(client, { ...ask, headers: {} }, seen.model));
      tells(error, { ask, ...seen, code: String(seen.status ?? 500) });
      assert.equal(requests.length, seen.requests);
      const daemon = ask.daemon === 'cut off' ? lab.cutOff : lab.daemon;
      assert.equal(await lab.runs(ask.ensemble, seen.runs, daemon), seen.runs);
    });
  }

  // of the body of an error this library keeps only what is under `error`
  it('keeps the receipt of a failure under the run that the head of its error names', async () => {
    const error = await rejection(asked(lab.client().client, { ensemble: 'told' }));
    assert.equal(error.status, 424);
    assert.deepEqual(await failures(lab, error), lost('told'));
  });

  it('keeps the receipt of a streamed failure under the run that the head of its error names', async () => {
    const error = await rejection(asked(lab.client().client, { ensemble: 'told-stream', stream: true }));
    assert.equal(error.status, undefined);
    assert.deepEqual(await failures(lab, error), lost('told-stream'));
  });
});

/** Asks as the row says. */
async function asked(client, ask, model = handle(ask.ensemble)) {
  const { body = {}, headers = {}, stream = false, mebibytes = 0, many_headers = 0 } = ask;
  switch (ask.call ?? 'create a chat completion') {
    case 'create a chat completion': {
      const many = Object.fromEntries(Array.from({ length: many_headers }, (_, number) => [`x-${number}`, '']));
      const question = { model, messages: user('hi'.padEnd(mebibytes << 20, '.')), stream, ...body };
      const answer = await client.chat.completions.create(question, { headers: { ...many, ...headers } });
      return stream ? collect(answer) : answer;
    }
    case 'create a completion':
      return client.completions.create({ model, prompt: 'hi' });
    case 'delete a model':
      return client.models.delete(model);
    case 'list files':
      return client.files.list();
    default:
      throw new Error(ask.call);
  }
}

function tells(error, row) {
  assert.ok(error instanceof OpenAI.APIError, error);
  assert.equal(error.constructor.name, row.node);
  assert.equal(error.status, row.ask.stream ? undefined : row.status);
  assert.equal(error.code ?? null, row.code);
  assert.ok(error.message.length > 10, error.message);
}

/** Whether the client waited between its tries as it was told to. */
function waited(requests, seconds) {
  const gaps = requests.slice(1).map((request, index) => (request.at - requests[index].at) / 1000);
  assert.ok(gaps.every((gap) => gap >= seconds), `waited ${gaps} s, told ${seconds} s`);
}

/** How the calls of a run ended, by the receipt that the daemon keeps, asked for with the library. */
async function failures(lab, error) {
  const run = error.headers.get(`${lab.headers}x-ensc-run`);
  if (!THROUGH) assert.equal(error.requestID, run);
  const { client } = lab.client({ apiKey: lab.daemonKey }, lab.daemon);
  const { receipt } = await client.get(`/runs/${run}`);
  assert.equal(receipt.run, run);
  return receipt.calls.map((call) => `${call.model} ${call.outcome}: ${call.why}`);
}

const lost = (ensemble) => [
  `${ensemble}-one failed: answered empty text`,
  `${ensemble}-two failed: answered with a server error`,
];
