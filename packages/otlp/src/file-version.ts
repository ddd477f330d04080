import { statSync } from 'node:fs';

/**
 * Returns a text that changes when one of the files does. A secret update in Kubernetes swaps a symbolic link, which
 * changes the inode.
 */
export function versionOf(paths: readonly string[]): string {
  return paths.map(versionOfFile).join();
}

function versionOfFile(path: string): string {
  try {
    const stat = statSync(path, { bigint: true, throwIfNoEntry: false });
    return stat === undefined ? 'missing' : `${stat.ino} ${stat.mtimeNs} ${stat.size}`;
  } catch {
    return 'unreadable';
  }
}
