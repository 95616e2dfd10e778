/**
 * The code of a WorkerEngine's thread. It is text rather than a file of its own because a worker thread can load
 * neither TypeScript sources (in tests) nor know where a bundler put a file; it depends on onnxruntime-node alone.
 */
export const ORT_WORKER = `
'use strict';
const { parentPort, workerData } = require('node:worker_threads');
const { createRequire } = require('node:module');
const { from, paths, encoder, head, searchSize, executionProvider } = workerData;
const load = createRequire(from);
const { InferenceSession, Tensor } = load('onnxruntime-node');
const options = {
  executionProviders: [executionProvider], intraOpNumThreads: 1, interOpNumThreads: 1,
  executionMode: 'sequential', graphOptimizationLevel: 'all',
};
let encode, respond;
const outputs = new Map();

async function embed(crops, count, size) {
  const key = count + 'x' + size;
  const input = new Tensor('float32', crops.subarray(0, count * 3 * size * size), [count, 3, size, size]);
  const known = outputs.get(key);
  if (known) {
    await encode.run({ [encoder.input]: input }, { [encoder.output]: known });
    return known;
  }
  const made = (await encode.run({ [encoder.input]: input }))[encoder.output];
  outputs.set(key, made);
  return made;
}

function templateTensor({ templates, channels, side }) {
  const length = templates[0].length;
  const all = templates.length === 1 ? templates[0] : new Float32Array(templates.length * length);
  if (templates.length > 1) templates.forEach((data, k) => all.set(data, k * length));
  return new Tensor('float32', all, [templates.length, channels, side, side]);
}

const calls = {
  async start() {
    encode = await InferenceSession.create(paths.encoder, options);
    if (paths.head !== undefined) respond = await InferenceSession.create(paths.head, options);
    return [{ runtime: 'onnxruntime ' + load('onnxruntime-node/package.json').version }, []];
  },
  async encode({ crops, count, size }) {
    const start = performance.now();
    const { data, dims } = await embed(crops, count, size);
    const first = data.slice();
    return [{ crops, first, dims, encodeMs: performance.now() - start }, [crops.buffer, first.buffer]];
  },
  async respond(message) {
    const { crops, count } = message;
    const start = performance.now();
    const search = await embed(crops, count, searchSize);
    const embedded = performance.now();
    const out = await respond.run({ [head.template]: templateTensor(message), [head.search]: search });
    const headMs = performance.now() - embedded;
    const first = out[head.score.output].data, second = out[head.box.output].data;
    return [{ crops, first, second, encodeMs: embedded - start, headMs }, [crops.buffer]];
  },
};

// One call after the other: they share the embedding's memory.
let last = Promise.resolve();
parentPort.on('message', (message) => {
  last = last.then(() => calls[message.kind](message)).then(
    ([answer, transfer]) => parentPort.postMessage(answer, transfer),
    (error) => parentPort.postMessage({ error: String(error && error.message) }),
  );
});
`;
