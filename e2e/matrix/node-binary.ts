import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { runCommand } from '../harness/run-command.ts';
import { CACHE } from './packed.ts';

/** Returns the path of a Node.js of this version, installed from npm. */
export async function nodeBinary(version: string): Promise<string> {
  if (process.versions.node === version) return process.execPath;
  const name = `node-${process.platform}-${process.arch}`;
  const folder = join(CACHE, 'node', version);
  const binary = join(folder, 'node_modules', name, 'bin/node');
  if (!existsSync(binary)) {
    mkdirSync(folder, { recursive: true });
    const flags = ['--no-audit', '--no-fund', '--no-save', '--prefix', folder];
    await runCommand('npm', ['install', ...flags, `${name}@${version}`], { cwd: folder });
  }
  return binary;
}
