// What the suite runs against: simulated models, and a daemon in front of them that serves `../lab/lab.ens`.
//
//     openai ── daemon ── simulated models (`../lab/script.toml`)
//           └── daemon "cut off" ── nothing
//
// With ENSC_THROUGH set, all of it is there already, and LiteLLM is on both sides of the daemon (`../litellm/case_node.py`).

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import OpenAI from 'openai';

const path = (relative) => fileURLToPath(new URL(relative, import.meta.url));
const ENSC = process.env.ENSC ?? path('../../../target/debug/ensc');
const ENSEMBLES = path('../lab');
const NOBODY = 'http://127.0.0.1:1/v1';

/** What LiteLLM's suite has started: addresses, and its key. */
export const THROUGH = JSON.parse(process.env.ENSC_THROUGH ?? 'null');

export const handle = (ensemble) => `opt-${ensemble}-try-s`;
export const user = (content) => [{ role: 'user', content }];

/** Both daemons and the models; `close` ends them. */
export class Lab {
  static async open() {
    const lab = new Lab();
    lab.headers = THROUGH ? 'llm_provider-' : ''; // what stands before the names of the daemon's own
    if (THROUGH) {
      lab.key = THROUGH.front.key;
      lab.front = THROUGH.front;
      lab.models = THROUGH.models;
      lab.daemon = new Neighbour(THROUGH.daemon);
      lab.cutOff = new Neighbour(THROUGH.cutOff);
      lab.daemonKey = THROUGH.daemon.key;
      return lab;
    }
    lab.key = lab.daemonKey = `sk-${randomBytes(16).toString('hex')}`;
    const script = path('../lab/script.toml');
    lab.models = await Server.start(['sim', '--port', '0', '--ensembles', ENSEMBLES, '--script', script]);
    lab.daemon = await lab.serve(`${lab.models.address}/v1`);
    lab.front = lab.daemon;
    lab.cutOff = await lab.serve(NOBODY);
    return lab;
  }

  serve(upstream) {
    const keys = { OPENAI_API_KEY: 'sk-upstream', OPTILLM_API_KEY: this.key };
    const where = ['--port', '0', '--base-url', upstream, '--ensembles', ENSEMBLES];
    return Server.start(['serve', ...where, '--log', 'json'], keys);
  }

  /** The official client as it comes, but for what `options` say; `requests` fills with what it really sends. */
  client(options = {}, server = this.front) {
    const requests = [];
    const client = new OpenAI({
      apiKey: this.key,
      baseURL: `${server.address}/v1`,
      fetch: (url, init) => {
        requests.push({ at: performance.now(), body: init.body });
        return fetch(url, init);
      },
      ...options,
    });
    return { client, requests };
  }

  /** Calls that the models got from this ensemble, oldest first. */
  async calls(ensemble) {
    const { calls } = JSON.parse(await this.ledger());
    const own = ['one', 'two', 'chief'].map((member) => `${ensemble}-${member}`);
    return calls.filter((call) => own.includes(call.model));
  }

  /** The book of the models as text: bodies stand in it as they came. */
  async ledger() {
    return (await fetch(`${this.models.address}/sim/ledger`)).text();
  }

  /** Waits for so many calls under way at once. */
  callsUnderWay(ensemble, count) {
    const enough = async () => (await this.calls(ensemble)).filter((call) => call.outcome === 'alive').length >= count;
    return until(enough, `${count} calls of ${ensemble} under way`);
  }

  /** The status that each model of this ensemble has sent, if it has; each was called once. */
  async heads(ensemble) {
    const calls = await this.calls(ensemble);
    return Object.fromEntries(calls.map((call) => [call.model.replace(`${ensemble}-`, ''), call.status]));
  }

  /** Waits until no call is, and says how each of them ended. */
  async ends(ensemble) {
    const calls = () => this.calls(ensemble);
    await until(async () => (await calls()).every((call) => call.outcome !== 'alive'), `${ensemble} is silent`);
    return (await calls()).map((call) => `${call.model} ${call.outcome}`);
  }

  /** Waits for the lines of so many runs in the log, and says how many there are. All their requests are over. */
  async runs(ensemble, count, daemon = this.daemon) {
    const runs = () => daemon.lines().filter((line) => line.run && line.handle === handle(ensemble)).length;
    await until(() => runs() >= count, `${count} runs of ${ensemble}`);
    return runs();
  }

  /** Fills the daemon's queue with calls to the two models of `crowd`, until they are left. */
  async crowd() {
    const leaving = new AbortController();
    const body = JSON.stringify({ model: handle('crowd'), messages: user('hi'), stream: true });
    const headers = { authorization: `Bearer ${this.daemonKey}`, 'content-type': 'application/json' };
    const ask = () =>
      fetch(`${this.daemon.address}/v1/chat/completions`, { method: 'POST', headers, body, signal: leaving.signal });
    // kept, for an answer that nobody holds is closed when memory is tidied up
    const runs = await Promise.all(Array.from({ length: 6 }, ask));
    const metrics = async () => (await fetch(`${this.daemon.address}/metrics`, { headers })).text();
    await until(async () => (await metrics()).includes('\nensc_calls_queued 4096\n'), 'the queue is full');
    return { runs, leave: () => leaving.abort() };
  }

  close() {
    return THROUGH ? undefined : Promise.all([this.daemon, this.cutOff, this.models].map((server) => server?.stop()));
  }
}

/** A child that says where it listens. */
class Server {
  static async start(args, env = {}) {
    const server = new Server();
    const inherited = Object.fromEntries(Object.entries(process.env).filter(([name]) => ['PATH', 'HOME'].includes(name)));
    server.log = [];
    server.child = spawn(ENSC, args, { env: { ...inherited, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
    server.ended = new Promise((resolve) => server.child.once('exit', resolve));
    createInterface(server.child.stderr).on('line', (line) => server.log.push(parsed(line)));
    const said = new Promise((resolve, reject) => {
      createInterface(server.child.stdout).on('line', (line) => {
        const found = /listening on (http:\/\/127\.0\.0\.1:\d+)/.exec(line);
        if (found) resolve(found[1]);
      });
      server.child.once('error', reject);
      server.ended.then(() => reject(new Error(`${args[0]} ended: ${JSON.stringify(server.log)}`)));
    });
    server.address = await said;
    return server;
  }

  lines() {
    return this.log;
  }

  async stop() {
    this.child.kill('SIGTERM');
    await this.ended;
  }
}

/** A daemon that somebody else has started, and its log since we know it. */
class Neighbour {
  constructor({ address, log }) {
    this.address = address;
    this.log = log;
    this.before = this.everything().length;
  }

  everything() {
    return readFileSync(this.log, 'utf8').split('\n').slice(0, -1);
  }

  lines() {
    return this.everything().slice(this.before).map(parsed);
  }
}

function parsed(line) {
  try {
    return JSON.parse(line);
  } catch {
    return { message: line };
  }
}

/** Asks again and again, for ten seconds. */
export async function until(ready, what) {
  const end = performance.now() + 10_000;
  while (!(await ready())) {
    assert.ok(performance.now() < end, `not within 10 s: ${what}`);
    await sleep(20);
  }
}

/** Every chunk of a stream. */
export const collect = (stream) => Array.fromAsync?.(stream) ?? gather(stream);

async function gather(stream) {
  const chunks = [];
  for await (const chunk of stream) chunks.push(chunk);
  return chunks;
}

export const textOf = (chunks) => chunks.map((chunk) => chunk.choices[0]?.delta.content ?? '').join('');

/** The error that a promise is rejected with. */
export async function rejection(promise) {
  const seen = await promise.then((value) => ({ value }), (error) => ({ error }));
  assert.ok(seen.error, `an error was to be thrown; got ${JSON.stringify(seen.value)}`);
  return seen.error;
}
