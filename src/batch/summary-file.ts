import { join } from 'node:path';
import { writeAtomically } from './durable.js';
import { BatchError } from './errors.js';
import type { BatchSummary } from './events.js';

/** Leaves a batch's summary as `summary.json` in the output folder. @throws {BatchError} `STATE_FAILED` */
export async function writeSummary(out: string, summary: BatchSummary): Promise<void> {
  const file = join(out, 'summary.json');
  try {
    await writeAtomically(file, `${JSON.stringify(summary, null, 2)}\n`);
  } catch (cause) {
    // A full disk has been told of already, by the videos that met it.
    if (summary.counts.failed > 0) return;
    throw new BatchError(
      'STATE_FAILED',
      `${file}: expected room for the summary, got ${(cause as Error).message}`,
      { cause },
    );
  }
}
