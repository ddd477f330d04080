import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { command } from './command.ts';
import { CACHE } from './packed.ts';

/** A Node of this version, from npm. */
export async function nodeBinary(version: string): Promise<string> {
  if (process.versions.node === version) return process.execPath;
  const name = `node-${process.platform}-${process.arch}`;
  const folder = join(CACHE, 'node', version);
  const binary = join(folder, 'node_modules', name, 'bin/node');
  if (!existsSync(binary)) {
    mkdirSync(folder, { recursive: true });
    const flags = ['--no-audit', '--no-fund', '--no-save', '--prefix', folder];
    await command('npm', ['install', ...flags, `${name}@${version}`], { cwd: folder });
  }
  return binary;
}
