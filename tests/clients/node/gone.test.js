// A client that leaves ends its run and every call of it, counted at the models.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import OpenAI from 'openai';
import { Lab, handle, rejection, until, user } from './lab.js';

describe('client gone', { concurrency: true }, () => {
  let lab, client;
  before(async () => {
    lab = await Lab.open();
    client = lab.client().client;
  });
  after(() => lab?.close());

  const question = (ensemble, stream) => ({ model: handle(ensemble), messages: user('hi'), stream });

  it('streamed, before the first token', async () => {
    const stream = await client.chat.completions.create(question('gone-start', true));
    await lab.callsUnderWay('gone-start', 2);
    assert.deepEqual(await lab.heads('gone-start'), { one: null, two: null });
    stream.controller.abort();
    assert.deepEqual((await lab.ends('gone-start')).sort(), ['gone-start-one cancelled', 'gone-start-two cancelled']);
  });

  it('streamed, in the middle of the answer', async () => {
    const stream = await client.chat.completions.create(question('gone-middle', true));
    let text = '';
    for await (const chunk of stream) {
      text += chunk.choices[0].delta.content ?? '';
      if (text === 'one two ') break;
    }
    assert.ok((await lab.ends('gone-middle')).includes('gone-middle-chief cancelled'));
    assert.deepEqual(await lab.heads('gone-middle'), { one: 200, two: 200, chief: 200 });
  });

  it('not streamed, before any head', async () => {
    const leaving = new AbortController();
    const answer = rejection(client.chat.completions.create(question('gone-whole', false), { signal: leaving.signal }));
    await lab.callsUnderWay('gone-whole', 2);
    assert.deepEqual(await lab.heads('gone-whole'), { one: null, two: null });
    leaving.abort();
    assert.ok((await answer) instanceof OpenAI.APIUserAbortError);
    assert.deepEqual((await lab.ends('gone-whole')).sort(), ['gone-whole-one cancelled', 'gone-whole-two cancelled']);
  });

  it('not streamed, in the middle of the chief\'s answer', async () => {
    const leaving = new AbortController();
    const answer = rejection(client.chat.completions.create(question('gone-whole-middle', false), { signal: leaving.signal }));
    await until(async () => (await lab.heads('gone-whole-middle')).chief === 200, 'the chief has begun');
    leaving.abort();
    assert.ok((await answer) instanceof OpenAI.APIUserAbortError);
    assert.ok((await lab.ends('gone-whole-middle')).includes('gone-whole-middle-chief cancelled'));
  });
});
