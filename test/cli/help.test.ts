import { expect, it } from 'vitest';
import { siamtrack } from './run.js';

it.each([
  'track',
  'serve',
  'watch',
  'protocol',
  'convert',
  'batch',
  'worker',
  'queue',
  'targets',
  'evaluate',
  'compare',
  'train',
  'engine',
  'engine install',
  'engine list',
  'doctor',
])('%s --help shows command lines as people type them', async (command) => {
  const { stdout, status } = await siamtrack([...command.split(' '), '--help']);
  expect(status).toBe(0);
  expect(stdout).toMatch(new RegExp(`Examples:\n  siamtrack ${command}`));
});
