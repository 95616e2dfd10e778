// Says when a target enters or leaves a zone: node examples/alarm-zone.mjs STREAM x,y,width,height [URL]
// The zone is in fractions of the frame, so that it stays when the camera's size changes.
import { SiamtrackClient } from 'siamtrack/client';

const [stream, zoneText, url = 'http://127.0.0.1:8080'] = process.argv.slice(2);
const [x, y, width, height] = (zoneText ?? '').split(',').map(Number);
if (!stream || !(width > 0 && height > 0)) {
  console.error('usage: node examples/alarm-zone.mjs STREAM x,y,width,height [URL]');
  process.exit(2);
}
const client = new SiamtrackClient(url, { token: process.env.SIAMTRACK_TOKEN });
process.once('SIGINT', () => client.close());
const inside = new Set();
client.on('target', ({ event, target }) => event === 'removed' && inside.delete(target));
await client.subscribe({ streams: [stream] });
for await (const { time, size, targets } of client.messages('boxes'))
  for (const { id, box, state } of targets) {
    // A box that is a guess raises no alarm.
    if (state !== 'tracking') continue;
    const centre = [(box[0] + box[2] / 2) / size.width, (box[1] + box[3] / 2) / size.height];
    const within = centre[0] >= x && centre[0] < x + width && centre[1] >= y && centre[1] < y + height;
    if (within === inside.has(id)) continue;
    inside[within ? 'add' : 'delete'](id);
    console.log(`${new Date(time).toISOString()} ${id} ${within ? 'enters' : 'leaves'}`);
  }
