import { afterEach, expect, it } from 'vitest';
import { type BoxesMessage, type ClientError, SiamtrackClient } from '../../../src/stream/index.js';
import { type Serving, serve } from '../server/serving.js';

const open: (Serving | SiamtrackClient)[] = [];
afterEach(async () => {
  for (const one of open.splice(0)) await (one instanceof SiamtrackClient ? one.close() : one.stop());
});

async function start(...options: Parameters<typeof serve>): Promise<Serving> {
  const serving = await serve(...options);
  open.push(serving);
  return serving;
}

function connect(...options: ConstructorParameters<typeof SiamtrackClient>): SiamtrackClient {
  const client = new SiamtrackClient(...options);
  open.push(client);
  return client;
}

it('subscribes, commands and iterates', async () => {
  const { url } = await start();
  const client = connect(url);
  expect((await client.subscribe({ preview: { width: 160 } })).streams).toMatchObject([{ stream: 'clip' }]);
  const previews = client.messages('preview');
  const added = await client.send({
    type: 'addTarget',
    stream: 'clip',
    target: 'car',
    box: [20, 136, 56, 28],
  });
  expect(added).toMatchObject({ target: 'car' });
  const got: BoxesMessage[] = [];
  for await (const message of client.messages('boxes')) if (got.push(message) === 3) break;
  expect(got[1].frame).toBe(got[0].frame + 1);
  expect(got[2].targets[0].id).toBe('car');
  expect((await previews.next()).value?.header.picture.width).toBe(160);
  await expect(client.send({ type: 'pause', stream: 'nowhere' })).rejects.toMatchObject({
    code: 'STREAM_NOT_FOUND',
  });
});

it('comes back when the server does, and subscribes again', async () => {
  const first = await start();
  const port = Number(new URL(first.url).port);
  const client = connect(first.url, { reconnect: { initial: 20, most: 100 } });
  await client.subscribe({ streams: ['clip'] });
  const gone = new Promise<{ code: number }>((resolve) => void client.on('disconnected', resolve));
  await first.stop();
  expect(await gone).toMatchObject({ code: 1001 });
  expect(client.hello).toBeUndefined();
  const boxes = client.messages('boxes');
  await start({ port });
  expect((await boxes.next()).value).toMatchObject({ stream: 'clip' });
});

it('shows its token, and says so when it is wrong', async () => {
  const { url } = await start({ access: { tokens: { control: ['right-one'], watch: [] } } });
  expect(await connect(url, { token: 'right-one' }).connected()).toMatchObject({ role: 'control' });
  const wrong = connect(url, { token: 'wrong-one' });
  const closed = new Promise<ClientError>((resolve) => void wrong.on('closed', resolve));
  await expect(wrong.connected()).rejects.toMatchObject({ code: 'BAD_TOKEN' });
  expect(await closed).toMatchObject({ code: 'BAD_TOKEN' });
  await expect(connect(url).subscribe()).rejects.toMatchObject({ code: 'AUTH_REQUIRED' });
});

it('ends its iterators and commands when it is closed', async () => {
  const { url } = await start();
  const client = connect(url);
  await client.connected();
  const next = client.messages('target').next();
  const command = client.send({ type: 'ping' });
  client.close();
  expect(await next).toEqual({ done: true, value: undefined });
  await expect(command).rejects.toMatchObject({ code: 'CLOSED' });
  await expect(client.send({ type: 'ping' })).rejects.toMatchObject({ code: 'CLOSED' });
});

it('without reconnecting ends with the connection', async () => {
  const client = connect('http://127.0.0.1:9', { reconnect: false });
  await expect(client.connected()).rejects.toMatchObject({ code: 'DISCONNECTED' });
});
