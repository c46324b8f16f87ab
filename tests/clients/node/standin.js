// In the place of a daemon: says what a daemon says only if something is wrong with it.

import { createServer } from 'node:http';
import { once } from 'node:events';

export class StandIn {
  /** Answers each POST with the failure of this row of `../lab/statuses.json`; `asked` counts them. */
  static async open(row) {
    const { type, message, headers } = row.stand_in;
    const error = { message, type, param: null, code: row.code };
    const standIn = new StandIn();
    standIn.asked = 0;
    standIn.server = createServer(async (request, response) => {
      for await (const _ of request);
      standIn.asked += 1;
      response.writeHead(row.status, { 'content-type': 'application/json', ...headers });
      response.end(JSON.stringify({ error }));
    });
    standIn.server.listen(0, '127.0.0.1');
    await once(standIn.server, 'listening');
    standIn.address = `http://127.0.0.1:${standIn.server.address().port}`;
    return standIn;
  }

  close() {
    this.server.close();
    this.server.closeAllConnections();
  }
}
