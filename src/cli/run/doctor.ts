import { packageVersion } from '../../common/index.js';
import { ExitCode } from '../exit.js';
import { examine, type Finding } from './doctor-checks.js';
import { describeEngines, type EngineReport, examineEngines } from './doctor-engines.js';

/** What `siamtrack doctor --json` prints. */
interface Report {
  readonly version: string;
  readonly platform: string;
  /** Whether everything that following a target needs works. */
  readonly ok: boolean;
  readonly findings: readonly Finding[];
  /** Absent where the network cannot run. */
  readonly engines?: EngineReport;
}

/** Looks at all of it, and prints what was found. */
export async function doctor({ json }: { readonly json?: boolean }): Promise<void> {
  const findings = await examine();
  const ok = findings.every((finding) => finding.works || !finding.needed);
  const platform = `${process.platform} ${process.arch}`;
  const engines = await examineEngines(findings);
  const report: Report = { version: packageVersion(), platform, ok, findings, engines };
  process.stdout.write(json ? `${JSON.stringify(report, null, 2)}\n` : describe(report));
  if (!ok) process.exitCode = ExitCode.failure;
}

function describe({ version, platform, ok, findings, engines }: Report): string {
  const width = Math.max(...findings.map(({ name }) => name.length));
  const lines = [`siamtrack ${version} on ${platform}`, ''];
  for (const { name, works, needed, detail, advice } of findings) {
    lines.push(`${works ? 'works  ' : needed ? 'FAILS  ' : 'absent '} ${name.padEnd(width)}  ${detail}`);
    if (advice !== undefined) lines.push(`${' '.repeat(width + 8)}  -> ${advice}`);
  }
  if (engines) lines.push('', describeEngines(engines).trimEnd());
  lines.push(
    '',
    ok ? 'All that following a target needs works.' : 'Following a target needs what is marked FAILS.',
  );
  return `${lines.join('\n')}\n`;
}
