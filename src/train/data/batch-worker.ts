import { parentPort, workerData } from 'node:worker_threads';
import { Random } from '../random.js';
import { Teacher } from '../teacher.js';
import { shade } from './augment.js';
import { type Batch, type BatchLayout, sharedFloats, strides, type TeacherBatch } from './batch.js';
import type { Catalogue } from './catalogue.js';
import { type PairOptions, PairSampler, type PairTruth } from './pairs.js';
import { turnTemplate } from './turn.js';

/** What a worker is started with. */
export interface WorkerSetup {
  readonly seed: number;
  readonly catalogue: Catalogue;
  readonly pixels: string;
  readonly pairs: PairOptions;
  readonly layout: BatchLayout;
  readonly teacher: { readonly model: string; readonly weights?: string } | undefined;
}

/** Message to a worker: make this batch, in this one's memory if given back. */
export interface BatchRequest {
  readonly index: number;
  readonly reuse?: Batch;
}

const port = parentPort;
if (!port) throw new Error('batch-worker is to be run as a worker thread.');
const setup = workerData as WorkerSetup;
const sampler = new PairSampler(setup.catalogue, setup.pixels, setup.pairs);
const loading = setup.teacher
  ? Teacher.load(setup.teacher.model, setup.teacher.weights)
  : Promise.resolve(undefined);

let stopped = false;
let queue: Promise<void> = Promise.resolve();
port.on('message', (request: BatchRequest | 'stop') => {
  if (request === 'stop') {
    // A thread killed inside a native call takes the process with it: it ends between batches.
    stopped = true;
    queue = queue.then(() => {
      sampler.close();
      port.close();
    });
    return;
  }
  queue = queue.then(async () => {
    if (stopped) return;
    port.postMessage(await make(request));
  });
});

/** A batch depends on the seed and its index alone: not on the worker, the order or the machine's speed. */
async function make({ index, reuse }: BatchRequest): Promise<Batch> {
  const { layout, seed } = setup;
  const teacher = await loading;
  const size = strides(layout);
  const n = layout.pairs;
  const templates = reuse?.templates ?? sharedFloats(n * size.template);
  const searches = reuse?.searches ?? sharedFloats(n * size.search);
  const lessons: TeacherBatch | undefined = teacher && {
    templates: reuse?.teacher?.templates ?? sharedFloats(n * size.teacherTemplate),
    searches: reuse?.teacher?.searches ?? sharedFloats(n * size.teacherSearch),
    score: reuse?.teacher?.score ?? sharedFloats(n * size.score),
    box: reuse?.teacher?.box ?? sharedFloats(n * size.box),
  };
  const truths: PairTruth[] = [];
  for (let k = 0; k < n; k++) {
    const template = { data: templates, at: k * size.template, size: layout.templateSize };
    const search = { data: searches, at: k * size.search, size: layout.searchSize };
    const other =
      k === 0
        ? undefined
        : {
            crop: { data: searches, at: (k - 1) * size.search, size: layout.searchSize },
            truth: truths[k - 1],
          };
    // Neighbours show different objects: the loss pairs each search crop with its neighbour's template as a negative.
    for (let attempt = 0; ; attempt++) {
      const truth = sampler.draw(new Random(seed, index, k, attempt), template, search, other);
      const clash =
        truth.source === truths[k - 1]?.source || (k === n - 1 && truth.source === truths[0]?.source);
      if (clash && attempt < 8) continue;
      truths.push(truth);
      break;
    }
    if (teacher && lessons) {
      const { template: of, turn } = truths[k];
      const lesson = await teacher.teach(
        { crop: templates.subarray(k * size.template, (k + 1) * size.template), of },
        searches.subarray(k * size.search, (k + 1) * size.search),
        turn && turnTemplate({ data: templates, at: k * size.template, size: layout.templateSize }, turn, of),
      );
      lessons.templates.set(lesson.template, k * size.teacherTemplate);
      lessons.searches.set(lesson.search, k * size.teacherSearch);
      lessons.score.set(lesson.score, k * size.score);
      lessons.box.set(lesson.box, k * size.box);
    }
    // After the lesson: the teacher sees the whole crop.
    if (layout.templateShade) shade(template, layout.templateShade, truths[k].template);
  }
  return { index, templates, searches, truths, teacher: lessons };
}
