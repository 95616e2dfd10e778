import { start, type WebGpuAdapter } from './load.js';

/** What a process that loaded an engine says of it, as the last line on stdout: JSON. */
export interface WebGpuProbe {
  /** Null where no driver offers a GPU; then nothing was computed. */
  readonly adapter: WebGpuAdapter | null;
}

// Run in a process of its own: a broken driver can end the process that loads it.
let answer: WebGpuProbe;
try {
  const { tf, adapter } = await start(process.argv[2]);
  const gradient = tf.grad((x) => tf.matMul(x, tf.tensor2d([[3], [4]])).sum())(tf.tensor2d([[1, 2]]));
  const values = [...(await gradient.data())];
  if (String(values) !== '3,4') throw new Error(`expected the gradient 3,4, got ${values}`);
  answer = { adapter };
} catch (error) {
  if ((error as { code?: string }).code !== 'WEBGPU_NO_ADAPTER') {
    process.stderr.write(`Error: ${(error as Error).message}\n`);
    process.exit(1);
  }
  answer = { adapter: null };
}
process.stdout.write(`\n${JSON.stringify(answer)}\n`, () => process.exit());
