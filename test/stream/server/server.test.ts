import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PreviewHeader, ServerMessage } from '../../../src/stream/index.js';
import { Peer, type Serving, serve } from './serving.js';

let serving: Serving;
beforeAll(async () => {
  serving = await serve();
});
afterAll(() => serving.stop());

const upgraded = (headers: Record<string, string>, path = '/ws', url = serving.url) =>
  new Promise<number>((resolve) => {
    const { hostname, port } = new URL(url);
    const upgrade = {
      Connection: 'Upgrade',
      Upgrade: 'websocket',
      'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
      'Sec-WebSocket-Version': '13',
    };
    const asked = request({ hostname, port, path, headers: { ...upgrade, ...headers } });
    asked.on('response', (response) => resolve(response.statusCode ?? 0));
    asked.on('upgrade', (response, socket) => {
      socket.destroy();
      resolve(response.statusCode ?? 0);
    });
    asked.end();
  });

describe('a connection', () => {
  it('is greeted with version, limits and streams', async () => {
    const peer = await Peer.connect(serving.url, { protocols: ['siamtrack.v1'] });
    expect(peer.messages[0]).toMatchObject({
      type: 'hello',
      protocol: 1,
      role: 'control',
      addStream: false,
      limits: { messageBytes: 16384 },
      streams: [{ stream: 'clip', kind: 'file' }],
    });
    peer.close();
  });

  it('gets boxes of every frame in order, target events, and nothing that is not in the schema', async () => {
    const peer = await Peer.connect(serving.url);
    await peer.command({ type: 'subscribe' });
    const added = await peer.command({
      type: 'addTarget',
      stream: 'clip',
      label: 'Car',
      box: [20, 136, 56, 28],
    });
    expect(added).toMatchObject({ ok: true, result: { target: '1' } });
    await peer.until(
      () => peer.messages.filter(({ type, targets }) => type === 'boxes' && targets.length > 0).length >= 5,
    );
    expect(await peer.command({ type: 'removeTarget', stream: 'clip', target: '1' })).toMatchObject({
      ok: true,
    });
    const frames = peer.messages.filter(({ type }) => type === 'boxes').map(({ frame }) => frame);
    expect(frames).toEqual(frames.map((_, k) => frames[0] + k));
    expect(
      peer.messages
        .filter(({ type }) => type === 'target')
        .map(({ event, target, label }) => [event, target, label]),
    ).toEqual([
      ['added', '1', 'Car'],
      ['removed', '1', 'Car'],
    ]);
    for (const message of peer.messages) expect(ServerMessage.parse(message)).toEqual(message);
    peer.close();
  });

  it('gets what it subscribed to: targets, rate, streams', async () => {
    const peer = await Peer.connect(serving.url);
    const other = await Peer.connect(serving.url);
    for (const target of ['a', 'b'])
      await peer.command({ type: 'addTarget', stream: 'clip', target, box: [20, 136, 56, 28] });
    const begun = performance.now();
    await peer.command({ type: 'subscribe', streams: ['clip'], targets: ['b'], maxRate: 5 });
    await other.command({ type: 'subscribe' });
    await other.until(() => other.messages.filter(({ type }) => type === 'boxes').length >= 26);
    const mine = peer.messages.filter(({ type }) => type === 'boxes');
    // A second of 25 frames holds about five of them, and takes longer where the machine is busy.
    expect(mine.length).toBeGreaterThanOrEqual(3);
    expect(mine.length).toBeLessThanOrEqual(3 + (5 * (performance.now() - begun)) / 1000);
    for (const { targets } of mine) expect(targets.map(({ id }: { id: string }) => id)).toEqual(['b']);
    await peer.command({ type: 'unsubscribe' });
    const count = peer.messages.length;
    const seen = other.messages.length;
    await other.until(() => other.messages.length >= seen + 5);
    expect(peer.messages.slice(count).filter(({ type }) => type === 'boxes')).toEqual([]);
    for (const target of ['a', 'b']) await peer.command({ type: 'removeTarget', stream: 'clip', target });
    peer.close();
    other.close();
  });

  it('gets previews that name their frame and hold the boxes of that very frame', async () => {
    const peer = await Peer.connect(serving.url);
    await peer.command({ type: 'addTarget', stream: 'clip', target: 'p', box: [20, 136, 56, 28] });
    await peer.command({ type: 'subscribe', preview: { width: 200, rate: 15 } });
    await peer.until(() => peer.previews.filter(({ header }) => header.targets.length > 0).length >= 3);
    for (const { header, jpeg } of peer.previews) {
      expect(PreviewHeader.parse(header)).toEqual(header);
      expect(header).toMatchObject({
        size: { width: 320, height: 240 },
        picture: { width: 160, height: 120 },
      });
      expect([...jpeg.subarray(0, 2)]).toEqual([0xff, 0xd8]);
      const boxes = peer.messages.find(({ type, frame }) => type === 'boxes' && frame === header.frame);
      expect(boxes?.targets).toEqual(header.targets);
    }
    await peer.command({ type: 'removeTarget', stream: 'clip', target: 'p' });
    peer.close();
  });

  it('has its commands carried out one after the other, each answered once', async () => {
    const peer = await Peer.connect(serving.url);
    const commands = [
      { type: 'addTarget', stream: 'clip', target: 'q', box: [20, 136, 56, 28] },
      { type: 'addTarget', stream: 'clip', target: 'q', box: [20, 136, 56, 28] },
      { type: 'removeTarget', stream: 'clip', target: 'q' },
      { type: 'removeTarget', stream: 'clip', target: 'q' },
      { type: 'ping' },
    ];
    await Promise.all(commands.map((command) => peer.command(command)));
    const replies = peer.messages.filter(({ type }) => type === 'reply');
    expect(replies.map(({ re, ok, error }) => [re, ok ? 'OK' : error.code])).toEqual([
      [0, 'OK'],
      [1, 'TARGET_EXISTS'],
      [2, 'OK'],
      [3, 'TARGET_NOT_FOUND'],
      [4, 'OK'],
    ]);
    peer.close();
  });

  it('is told what is wrong with a message, and lives on', async () => {
    const peer = await Peer.connect(serving.url);
    const cases: [string | Buffer, string, number | null][] = [
      ['{"type":"ping"', 'BAD_JSON', null],
      ['"ping"', 'BAD_MESSAGE', null],
      ['{"type":"ping"}', 'BAD_MESSAGE', null],
      ['{"type":"ping","id":7,"extra":1}', 'BAD_MESSAGE', 7],
      ['{"type":"reboot","id":8}', 'UNKNOWN_TYPE', 8],
      [Buffer.from([1, 2, 3]), 'BINARY_MESSAGE', null],
      [`{"type":"ping","id":9,"pad":"${'x'.repeat(20_000)}"}`, 'TOO_LARGE', null],
      ['{"type":"pause","id":10,"stream":"nowhere"}', 'STREAM_NOT_FOUND', 10],
      ['{"type":"ping","id":10}', 'OUT_OF_ORDER', 10],
      ['{"type":"subscribe","id":11,"streams":["nowhere"]}', 'STREAM_NOT_FOUND', 11],
      ['{"type":"addTarget","id":12,"stream":"clip","box":[900,900,5,5]}', 'BAD_BOX', 12],
      ['{"type":"removeStream","id":13,"stream":"clip"}', 'FORBIDDEN', 13],
      ['{"type":"addStream","id":14,"stream":"x","source":"/etc/passwd"}', 'SOURCE_REFUSED', 14],
    ];
    for (const [text, code, re] of cases)
      expect(await peer.text(text)).toMatchObject({ type: 'reply', re, ok: false, error: { code } });
    expect(await peer.text('{"type":"ping","id":20}')).toMatchObject({ re: 20, ok: true });
    peer.close();
  });

  it('is closed when a message is far too large, or too many in a row are refused', async () => {
    const large = await Peer.connect(serving.url);
    large.socket.send('x'.repeat(70_000));
    expect(await large.ended()).toMatchObject({ code: 1009 });
    const flooding = await Peer.connect(serving.url);
    for (let k = 0; k < 300; k++) flooding.socket.send('{');
    expect(await flooding.ended()).toMatchObject({ code: 4429 });
    const codes = new Set(
      flooding.messages.filter(({ type }) => type === 'reply').map(({ error }) => error.code),
    );
    expect(codes.has('BAD_JSON') || codes.has('RATE_LIMITED')).toBe(true);
  });
});

describe('a file', () => {
  it('is paused, sought and resumed; one who comes meanwhile sees where it stands', async () => {
    const peer = await Peer.connect(serving.url);
    await peer.command({ type: 'subscribe' });
    await peer.command({ type: 'pause', stream: 'clip' });
    expect(await peer.command({ type: 'seek', stream: 'clip', to: { frame: 42 } })).toMatchObject({
      ok: true,
    });
    await peer.next(({ type, frame }) => type === 'boxes' && frame === 42);
    const late = await Peer.connect(serving.url);
    await late.command({ type: 'subscribe', preview: {} });
    await late.until(() => late.previews.find(({ header }) => header.frame === 42));
    expect(late.messages[0].streams[0]).toMatchObject({ state: 'paused', held: { first: 42, last: 42 } });
    expect(await peer.command({ type: 'seek', stream: 'clip', to: { seconds: 99 } })).toMatchObject({
      error: { code: 'NOT_SEEKABLE' },
    });
    await peer.command({ type: 'resume', stream: 'clip' });
    await late.next(({ type, frame }) => type === 'boxes' && frame === 45);
    expect(peer.messages.filter(({ type }) => type === 'stream').map(({ event }) => event)).toEqual([
      'paused',
      'sought',
      'resumed',
    ]);
    peer.close();
    late.close();
  });
});

describe('over HTTP', () => {
  it('tells its health, streams, schemas and metrics', async () => {
    const json = async (path: string) =>
      (await fetch(serving.url + path)).json() as Promise<{ paths: object }>;
    expect(await json('/healthz')).toEqual({ status: 'ok' });
    expect(await json('/readyz')).toEqual({ waiting: [] });
    expect(await json('/api/streams')).toMatchObject({ streams: [{ stream: 'clip' }] });
    expect(await json('/api/streams/nowhere')).toMatchObject({ error: { code: 'STREAM_NOT_FOUND' } });
    expect(await json('/api/protocol.json')).toHaveProperty('$defs.client');
    const api = await json('/api/openapi.json');
    expect(Object.keys(api.paths)).toContain('/api/streams/{stream}/targets');
    const metrics = await (await fetch(`${serving.url}/metrics`)).text();
    expect(metrics).toMatch(/siamtrack_frames_tracked_total\{stream="clip"\} [1-9]/);
    expect(metrics).toMatch(/siamtrack_delay_seconds_count\{stream="clip"\} [1-9]/);
  });

  it('adds and removes targets as commands do', async () => {
    const at = `${serving.url}/api/streams/clip/targets`;
    const post = (body: string, headers = { 'Content-Type': 'application/json' }) =>
      fetch(at, { method: 'POST', body, headers });
    const added = await post('{"target":"http","box":[20,136,56,28]}');
    expect([added.status, await added.json()]).toMatchObject([200, { target: 'http' }]);
    expect((await post('{"target":"http","box":[20,136,56,28]}')).status).toBe(409);
    expect((await post('{"box":[1]}')).status).toBe(400);
    expect((await post('{')).status).toBe(400);
    expect((await post('{}', { 'Content-Type': 'text/html' })).status).toBe(415);
    expect((await post('x'.repeat(100_000))).status).toBe(413);
    expect((await fetch(`${at}/http`, { method: 'DELETE' })).status).toBe(200);
    expect((await fetch(`${at}/http`, { method: 'DELETE' })).status).toBe(404);
    expect((await fetch(`${serving.url}/../../etc/passwd`)).status).toBe(404);
  });
});

describe('who may connect', () => {
  it('is not a page of another site, nor one that had its own name answered with 127.0.0.1', async () => {
    const { host, port } = new URL(serving.url);
    expect(await upgraded({})).toBe(101);
    expect(await upgraded({ Origin: `http://${host}` })).toBe(101);
    expect(await upgraded({ Origin: `http://localhost:${port}`, Host: `localhost:${port}` })).toBe(101);
    expect(await upgraded({ Origin: 'https://evil.example' })).toBe(403);
    expect(await upgraded({ Origin: `http://evil.example:${port}`, Host: `evil.example:${port}` })).toBe(403);
    expect(await upgraded({ Origin: 'null' })).toBe(403);
    expect(await upgraded({ 'Sec-WebSocket-Protocol': 'siamtrack.v9' })).toBe(400);
    expect(await upgraded({}, '/other')).toBe(404);
    const page = await fetch(`${serving.url}/api/streams`, { headers: { Origin: 'https://evil.example' } });
    expect(page.status).toBe(403);
  });

  it('is limited in number', async () => {
    const small = await serve({ limits: { clients: 1 } }, { stream: null });
    const peer = await Peer.connect(small.url);
    expect(await upgraded({}, '/ws', small.url)).toBe(503);
    peer.close();
    await expect.poll(() => small.server.clients, { timeout: 20_000 }).toBe(0);
    expect(await upgraded({}, '/ws', small.url)).toBe(101);
    await small.stop();
  });

  it('shows a token where there are some: by header, address or first message', async () => {
    const tokens = { control: ['control-me'], watch: ['watch-me-1'] };
    const guarded = await serve({ access: { tokens } });
    const stranger = await Peer.connect(guarded.url);
    expect(stranger.messages[0]).toMatchObject({ role: 'none', streams: [] });
    expect(await stranger.command({ type: 'subscribe' })).toMatchObject({ error: { code: 'AUTH_REQUIRED' } });
    expect(await stranger.command({ type: 'ping' })).toMatchObject({ ok: true });
    expect(await stranger.command({ type: 'auth', token: 'watch-me-2' })).toMatchObject({
      error: { code: 'BAD_TOKEN' },
    });
    expect(await stranger.command({ type: 'auth', token: 'watch-me-1' })).toMatchObject({
      result: { role: 'watch' },
    });
    await stranger.next(({ type, role }) => type === 'hello' && role === 'watch');
    expect(await stranger.command({ type: 'subscribe' })).toMatchObject({ ok: true });
    expect(await stranger.command({ type: 'pause', stream: 'clip' })).toMatchObject({
      error: { code: 'FORBIDDEN' },
    });

    const bearer = await Peer.connect(guarded.url, { headers: { Authorization: 'Bearer control-me' } });
    expect(bearer.messages[0]).toMatchObject({ role: 'control' });
    const query = await Peer.connect(guarded.url, { path: '/ws?token=control-me' });
    expect(query.messages[0]).toMatchObject({ role: 'control' });
    expect(await upgraded({ Authorization: 'Bearer no' }, '/ws', guarded.url)).toBe(401);

    const guess = new Peer(guarded.url);
    await guess.next(({ type }) => type === 'hello');
    for (let k = 0; k < 3; k++) guess.socket.send(`{"type":"auth","id":${k},"token":"guess-${k}"}`);
    expect(await guess.ended()).toMatchObject({ code: 4401 });

    const get = (path: string, token?: string) =>
      fetch(guarded.url + path, token ? { headers: { Authorization: `Bearer ${token}` } } : {}).then(
        ({ status }) => status,
      );
    expect(
      await Promise.all([get('/healthz'), get('/metrics'), get('/api/streams'), get('/api/streams', 'no')]),
    ).toEqual([200, 401, 401, 401]);
    expect(await get('/metrics', 'watch-me-1')).toBe(200);
    const removing = await fetch(`${guarded.url}/api/streams/clip`, {
      method: 'DELETE',
      headers: { Authorization: 'Bearer watch-me-1' },
    });
    expect(removing.status).toBe(403);
    await guarded.stop();
  });

  it('is nobody beyond this machine, unless there are tokens or it is said outright', async () => {
    await expect(serve({ host: '0.0.0.0' }, { stream: null })).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
    });
    const open = await serve({ host: '0.0.0.0', access: { anonymous: 'watch' } }, { stream: null });
    const peer = await Peer.connect(open.url.replace('0.0.0.0', '127.0.0.1'));
    expect(peer.messages[0]).toMatchObject({ role: 'watch' });
    await open.stop();
    expect(await peer.ended()).toMatchObject({ code: 1001 });
  });

  it('tells when the port is taken', async () => {
    const port = Number(new URL(serving.url).port);
    await expect(serve({ port }, { stream: null })).rejects.toMatchObject({ code: 'LISTEN_FAILED' });
  });
});

describe('streams that clients open', () => {
  it('are those that the configuration allows, and theirs to remove', async () => {
    const { CLIP } = await import('./serving.js');
    const folders = [CLIP.replace(/[^/]*$/, '')];
    const open = await serve({ addStream: true }, { clientSources: { folders }, stream: null });
    const peer = await Peer.connect(open.url);
    const watching = await Peer.connect(open.url);
    await watching.command({ type: 'subscribe' });
    expect(await peer.command({ type: 'addStream', stream: 'mine', source: CLIP })).toMatchObject({
      result: { streams: [{ stream: 'mine' }] },
    });
    await watching.next(({ type, stream }) => type === 'boxes' && stream === 'mine');
    expect(await peer.command({ type: 'removeStream', stream: 'mine' })).toMatchObject({ ok: true });
    await watching.next(({ event }) => event === 'removed');
    expect(open.streams.streams).toEqual([]);
    await open.stop();
  });
});
