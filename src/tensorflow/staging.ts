import { existsSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Where this process puts an engine together: beside the finished ones, so that moving it there is a rename. */
export function workshopIn(root: string): string {
  return join(root, `.staging-${process.pid}`);
}

/** Removes what installations left that were killed. */
export function removeAbandoned(root: string): void {
  for (const name of readdirSync(root)) {
    const pid = Number(/^\.staging-(\d+)/.exec(name)?.[1]);
    if (pid > 0 && pid !== process.pid && !isRunning(pid))
      rmSync(join(root, name), { recursive: true, force: true });
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Writes `engine.json`, never half: a reader sees the old record or the new one. */
export function writeRecord(folder: string, record: object): void {
  const file = join(folder, 'engine.json');
  writeFileSync(`${file}.part`, `${JSON.stringify(record, null, 2)}\n`);
  renameSync(`${file}.part`, file);
}

/** Puts a finished engine in its place. A process that has the old one loaded keeps it until it ends. */
export function swapIn(staging: string, folder: string, old: string): void {
  if (existsSync(folder)) renameSync(folder, old);
  renameSync(staging, folder);
}
