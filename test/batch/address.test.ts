import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { identifyAddress, request } from '../../src/batch/address.js';
import { expandInputs } from '../../src/batch/inputs.js';

const CONTENT = Buffer.alloc(1000, 7);
let server: Server | undefined;
afterEach(() => void server?.close());

/** An address, with a name and a password in it, of a server that answers so. */
async function address(listener: RequestListener): Promise<string> {
  server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `http://guard:p%40ss@127.0.0.1:${(server.address() as AddressInfo).port}/gate.mp4?sig=s3cret`;
}

const isGuard = (header: string | undefined) =>
  header === `Basic ${Buffer.from('guard:p@ss').toString('base64')}`;

describe('an input that is an address', () => {
  it('is known by its length and validator, asked for with the credentials in it', async () => {
    let etag = '"1"';
    const at = await address(({ method, headers }, answer) => {
      if (!isGuard(headers.authorization)) return void answer.writeHead(401).end();
      answer.writeHead(200, { etag, 'content-length': CONTENT.length }).end(method === 'HEAD' ? '' : CONTENT);
    });
    const first = await identifyAddress(at);
    expect(first.size).toBe(1000);
    expect(await identifyAddress(at)).toEqual(first);
    etag = '"2"';
    expect((await identifyAddress(at)).sha256).not.toBe(first.sha256);
    expect(Buffer.from(await (await request(at)).arrayBuffer())).toEqual(CONTENT);
  });

  it.each([403, 405])('is asked for its first byte where HEAD gets %i', async (status) => {
    const at = await address(({ method, headers }, answer) => {
      if (method === 'HEAD') return void answer.writeHead(status).end();
      expect(headers.range).toBe('bytes=0-0');
      answer.writeHead(206, { 'content-range': 'bytes 0-0/1000', 'content-length': 1 }).end('x');
    });
    expect((await identifyAddress(at)).size).toBe(1000);
  });

  it('fails without telling its secrets', async () => {
    const missing = await address((_, answer) => void answer.writeHead(404).end());
    for (const at of [missing, missing.replace(/:\d+\//, ':1/')]) {
      const error = await identifyAddress(at).catch((caught) => caught);
      expect(error).toMatchObject({ code: 'INPUT_CHANGED' });
      expect(error.message).toMatch(/gate\.mp4: expected .*, got (HTTP 404|\S.*)$/);
      expect(error.message).not.toMatch(/p@ss|p%40ss|s3cret/);
    }
  });

  it('is refused where nobody can read it', async () => {
    await expect(expandInputs(['http://[/a.mp4'])).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    await expect(expandInputs(['http://host/%zz.mp4'])).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  });
});
