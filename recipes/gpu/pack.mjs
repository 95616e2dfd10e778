// Packs pictures and boxes for train.py: NAME.bin holds WebP after WebP, NAME.json where each lies, its size and its boxes.
//   node recipes/gpu/pack.mjs OUT clips NAME FOLDER [side] [quality]
//   node recipes/gpu/pack.mjs OUT stills NAME FOLDER [side] [quality]
//   node recipes/gpu/pack.mjs OUT photos NAME FOLDER [side] [quality]
// clips: OTB layout, boxes 0-based; stills: COCO layout; photos: any pictures. Longest side in pixels, quality 1..100.
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';

const AT_ONCE = 8;
const MOST_BOXES = 6;
const SMALLEST = 12;

const [out, kind, name, folder, side = '400', quality = '65'] = process.argv.slice(2);
const list = { clips: listClips, stills: listStills, photos: listPhotos }[kind];
if (!list || !folder) {
  console.error('Expected: pack.mjs OUT clips|stills|photos NAME FOLDER [side] [quality]');
  process.exit(2);
}
if (!existsSync(folder)) {
  console.error(`Expected a folder, got ${folder}`);
  process.exit(2);
}
const pictures = list(folder);
const parts = [];
const index = [];
let offset = 0;
for (let at = 0; at < pictures.length; at += AT_ONCE) {
  for (const packed of await Promise.all(pictures.slice(at, at + AT_ONCE).map(pack))) {
    const { data, info, scaleX, scaleY, boxes, clip } = packed;
    const scaled = boxes?.map(([x, y, w, h]) =>
      [x * scaleX, y * scaleY, w * scaleX, h * scaleY].map((v) => Math.round(v * 10) / 10),
    );
    index.push({ o: offset, n: data.length, w: info.width, h: info.height, b: scaled, c: clip });
    parts.push(data);
    offset += data.length;
  }
}
mkdirSync(out, { recursive: true });
writeFileSync(join(out, `${name}.bin`), Buffer.concat(parts));
writeFileSync(join(out, `${name}.json`), JSON.stringify(index));
console.log(`${name}: ${index.length} pictures, ${(offset / 2 ** 20).toFixed(1)} MiB`);

async function pack({ file, ...rest }) {
  const { width, height } = await sharp(file).metadata();
  const scale = Math.min(1, Number(side) / Math.max(width, height));
  const size = { width: Math.round(width * scale), height: Math.round(height * scale), fit: 'fill' };
  const { data, info } = await sharp(file)
    .resize(size)
    .flatten()
    .webp({ quality: Number(quality), effort: 3 })
    .toBuffer({ resolveWithObject: true });
  return { ...rest, data, info, scaleX: info.width / width, scaleY: info.height / height };
}

function isPicture(file) {
  return /\.(jpe?g|png|webp)$/i.test(file);
}

function listClips(root) {
  return readdirSync(root)
    .sort()
    .filter((clip) => existsSync(join(root, clip, 'groundtruth_rect.txt')))
    .flatMap((clip) => {
      const files = readdirSync(join(root, clip, 'img'))
        .filter(isPicture)
        .sort();
      const lines = readFileSync(join(root, clip, 'groundtruth_rect.txt'), 'utf8')
        .trim()
        .split('\n');
      return files
        .map((file, k) => ({
          file: join(root, clip, 'img', file),
          boxes: [(lines[k] ?? '').split(/[,\s]+/).map(Number)],
          clip,
        }))
        .filter(
          ({ boxes: [box] }) => box.length === 4 && box.every(Number.isFinite) && box[2] >= 4 && box[3] >= 4,
        );
    });
}

function listStills(root) {
  const { images, annotations } = JSON.parse(readFileSync(join(root, 'annotations.json'), 'utf8'));
  const of = new Map(images.map(({ id }) => [id, []]));
  for (const { image_id, bbox, iscrowd } of annotations)
    if (!iscrowd && Math.min(bbox[2], bbox[3]) >= SMALLEST) of.get(image_id).push(bbox);
  return images
    .map(({ id, file_name }) => ({
      file: join(root, 'images', file_name),
      boxes: of.get(id).slice(0, MOST_BOXES),
    }))
    .filter(({ boxes }) => boxes.length > 0);
}

function listPhotos(root) {
  return readdirSync(root)
    .filter(isPicture)
    .sort()
    .map((file) => ({ file: join(root, file) }));
}
