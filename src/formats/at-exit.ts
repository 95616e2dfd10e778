import { rmSync } from 'node:fs';

const paths = new Set<string>();

/**
 * Has a file or folder removed when the process exits, say because its output's reader has gone.
 *
 * @returns takes that back
 */
export function removeAtExit(path: string): () => void {
  // One listener for all of them: node warns of a leak where there are more than ten.
  if (paths.size === 0) process.on('exit', removeAll);
  paths.add(path);
  return () => {
    paths.delete(path);
    if (paths.size === 0) process.off('exit', removeAll);
  };
}

function removeAll(): void {
  for (const path of paths) rmSync(path, { force: true, recursive: true });
}
