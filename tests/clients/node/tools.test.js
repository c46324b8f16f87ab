// Tools: calls side by side, whole and in pieces, and their results on the way back.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Lab, collect, handle, user } from './lab.js';

const WEATHER = {
  type: 'function',
  function: {
    name: 'weather',
    description: 'The weather in a city.',
    parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
  },
};
const CALLS = [
  ['call_paris', 'weather', '{"city":"Paris"}'],
  ['call_oslo', 'weather', '{"city":"Oslo","unit":"°C"}'],
];
const question = (ensemble) => ({ model: handle(ensemble), messages: user('Paris or Oslo?'), tools: [WEATHER] });
const flat = (calls) => calls.map((call) => [call.id, call.function.name, call.function.arguments]);

describe('tools', { concurrency: true }, () => {
  let lab, client;
  before(async () => {
    lab = await Lab.open();
    client = lab.client().client;
  });
  after(() => lab?.close());

  it('calls two at once', async () => {
    const [choice] = (await client.chat.completions.create(question('tools'))).choices;
    assert.equal(choice.finish_reason, 'tool_calls');
    assert.deepEqual(flat(choice.message.tool_calls), CALLS);
    const drafts = (await lab.calls('tools')).filter((call) => call.model !== 'tools-chief');
    assert.deepEqual(drafts.map((call) => call.body.tool_choice), ['none', 'none']);
  });

  it('calls two at once, in pieces', async () => {
    const chunks = await collect(await client.chat.completions.create({ ...question('tools-stream'), stream: true }));
    const pieces = chunks.flatMap((chunk) => chunk.choices[0].delta.tool_calls ?? []);
    assert.ok(pieces.length > CALLS.length, `the arguments came in pieces: ${JSON.stringify(pieces)}`);
    const built = CALLS.map((_, index) => {
      const mine = pieces.filter((piece) => piece.index === index);
      assert.equal(mine.filter((piece) => piece.id).length, 1);
      return [mine[0].id, mine[0].function.name, mine.map((piece) => piece.function.arguments ?? '').join('')];
    });
    assert.deepEqual(built, CALLS);
    assert.equal(chunks.at(-1).choices[0].finish_reason, 'tool_calls');
  });

  it('calls two at once, in pieces, for the helper that builds the answer', async () => {
    const stream = client.chat.completions.stream(question('tools-stream'));
    const done = [];
    stream.on('tool_calls.function.arguments.done', (call) => done.push(call.arguments));
    const [choice] = (await stream.finalChatCompletion()).choices;
    assert.deepEqual(flat(choice.message.tool_calls), CALLS);
    assert.deepEqual(done, CALLS.map((call) => call[2]));
  });

  it('is told the results by the helper that runs tools', async () => {
    const degrees = { Paris: '12', Oslo: '3' };
    const asked = [];
    const weather = ({ city }) => {
      asked.push(city);
      return degrees[city];
    };
    const tool = { ...WEATHER, function: { ...WEATHER.function, function: weather, parse: JSON.parse } };
    const answer = await client.chat.completions.runTools({ ...question('tools-turns'), tools: [tool] }).finalContent();
    assert.equal(answer, 'Oslo is colder.');
    assert.deepEqual(asked, ['Paris', 'Oslo']);
    const second = (await lab.calls('tools-turns')).filter((call) => call.model === 'tools-turns-one')[1];
    const results = second.body.messages.filter((message) => message.role === 'tool');
    assert.deepEqual(results.map((result) => [result.tool_call_id, result.content]), [['call_paris', '12'], ['call_oslo', '3']]);
  });
});
