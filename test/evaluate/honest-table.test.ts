import { describe, expect, it } from 'vitest';
import { formatComparison, formatHonesty } from '../../src/evaluate/index.js';
import { twoTrackers } from './report/trackers.js';

describe('tables of honesty', () => {
  it('have a line a target and one for all frames, with - where there is nothing to measure', async () => {
    const { full } = await twoTrackers();
    expect(formatHonesty(full.report).split('\n')).toEqual([
      'honesty                   absent   AUROC    +abs     ECE    +abs  pres.F   abs.F    LT-F    best    back   after  drifts   after  jitter',
      'Plain                          0   1.000   1.000   0.179   0.179       -       -   0.767   0.789       -       -     1/1       6       -',
      'Gone & <back>                  8   1.000   0.892   0.176   0.127   0.950   0.706   0.950   0.950     1/1       3       -       -       -',
      'all frames                     8   1.000   0.911   0.178   0.148   0.950   0.706   0.859   0.871     1/1       3     1/1       6       -',
    ]);
  });

  it('set trackers side by side', async () => {
    const { full, boxes } = await twoTrackers();
    const report = { ...full.report, mean: { ...full.report.mean, auc: 0.12345 } };
    const lines = formatComparison([{ name: full.name, report }, boxes]).split('\n');
    expect(lines).toEqual([
      'side by side                 AUC    P@20      AO   AUROC     ECE  pres.F   abs.F    LT-F    best    back  drifts  jitter',
      'full "one"                 0.123   0.925   0.847   1.000   0.178   0.950   0.706   0.859   0.871     1/1     1/1       -',
      'boxes <only>               1.000   1.000   1.000       -       -       -       -       -       -     1/1       -       -',
    ]);
  });

  it('says never where more than half were not found', async () => {
    const { full } = await twoTrackers();
    const { honest } = full.report;
    const absences = { ...honest.absences, count: 3, found: 1, never: 2, median: Number.POSITIVE_INFINITY };
    const table = formatHonesty({ ...full.report, honest: { ...honest, absences } });
    expect(table.split('\n').at(-1)).toMatch(/ 1\/3 {3}never /);
  });
});
