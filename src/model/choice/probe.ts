import { createEngine } from '../create-engine.js';
import type { EngineDescription } from '../engine.js';
import type { EngineSetup } from '../engine-setup.js';
import { type Timing, timeEngines } from './time-engine.js';

/** What a probe says of an engine, as the last line on stdout: JSON. */
export type ProbeAnswer =
  | { readonly description: EngineDescription; readonly timing: Timing }
  | { readonly problem: string };

// Run in a process of its own: a native library over a broken driver can end the process that loads it.
const setup = JSON.parse(process.argv[2]) as EngineSetup;
let answer: ProbeAnswer;
try {
  const engine = await createEngine(setup);
  const [timing] = await timeEngines([engine], setup.manifest);
  answer = { description: engine.description, timing };
} catch (error) {
  answer = { problem: error instanceof Error ? error.message : String(error) };
}
process.stdout.write(`\n${JSON.stringify(answer)}\n`, () => process.exit(0));
