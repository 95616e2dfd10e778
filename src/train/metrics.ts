import { existsSync, readFileSync } from 'node:fs';
import { appendFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TensorFlow } from '../tensorflow/index.js';

/** What of tfjs-node's additions is used: a writer of TensorBoard's event files. */
interface SummaryWriter {
  scalar(name: string, value: number, step: number): void;
  flush(): void;
}
interface NodeTensorFlow {
  readonly node?: { summaryFileWriter(folder: string): SummaryWriter };
}

/** Measures over time: one CSV a kind, and TensorBoard event files where the engine can write them. */
export class Metrics {
  readonly #folder: string;
  readonly #writer: SummaryWriter | undefined;

  /** @param resumedAt rows after this step are of a run that was cut off, and are dropped */
  static async open(
    tf: TensorFlow,
    folder: string,
    kinds: readonly string[],
    resumedAt: number,
  ): Promise<Metrics> {
    for (const kind of kinds) {
      const file = join(folder, `${kind}.csv`);
      if (!existsSync(file)) continue;
      const [head, ...rows] = readFileSync(file, 'utf8').trimEnd().split('\n');
      const kept = rows.filter((row) => Number(row.slice(0, row.indexOf(','))) <= resumedAt);
      await writeFile(file, `${[head, ...kept].join('\n')}\n`);
    }
    const { node } = tf as NodeTensorFlow;
    return new Metrics(folder, node?.summaryFileWriter(join(folder, 'tensorboard')));
  }

  private constructor(folder: string, writer: SummaryWriter | undefined) {
    this.#folder = folder;
    this.#writer = writer;
  }

  async write(
    kind: string,
    row: Readonly<Record<string, number>> & { readonly step: number },
  ): Promise<void> {
    const file = join(this.#folder, `${kind}.csv`);
    if (!existsSync(file)) await appendFile(file, `${Object.keys(row).join(',')}\n`);
    const cells = Object.values(row).map((v) => Number(v.toPrecision(6)));
    await appendFile(file, `${cells.join(',')}\n`);
    for (const [name, value] of Object.entries(row)) {
      if (name !== 'step') this.#writer?.scalar(`${kind}/${name}`, value, row.step);
    }
    this.#writer?.flush();
  }
}
