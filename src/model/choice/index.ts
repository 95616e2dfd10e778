export { type Candidate, installedEngines } from './candidates.js';
export type { ChoiceRow } from './choice-cache.js';
export { type ChoiceRequest, chooseEngine, type EngineChoice, measure, setupOf } from './choose.js';
export { type Machine, thisMachine } from './machine.js';
export { runProbe } from './run-probe.js';
