import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { installPackages, mayInstall, runs } from '../docker/debian.ts';
import { command } from '../matrix/command.ts';

const CACHE = join(import.meta.dirname, '../../.cache/python');
const REQUIREMENTS = join(import.meta.dirname, 'application/requirements.txt');

/**
 * A Python interpreter of its own with the official SDK, from PyPI; kept for later runs with the same requirements.
 * On Debian as root Python itself is installed where it is missing.
 *
 * @returns the path of its `python`.
 * @throws Error that says what to install, when there is no Python and none may be installed
 */
export async function pythonInterpreter(): Promise<string> {
  await installPython();
  const version = (await command('python3', ['--version'], { cwd: import.meta.dirname })).trim();
  const key = createHash('sha256').update(version).update(readFileSync(REQUIREMENTS)).digest('hex').slice(0, 12);
  const folder = join(CACHE, key);
  const python = join(folder, 'bin/python');
  const done = join(folder, '.complete');
  if (existsSync(done)) return python;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(CACHE, { recursive: true });
  await command('python3', ['-m', 'venv', folder], { cwd: CACHE });
  await command(python, ['-m', 'pip', 'install', '--quiet', '--requirement', REQUIREMENTS], { cwd: CACHE });
  writeFileSync(done, '');
  return python;
}

/** Debian has the module that makes virtual environments in a package of its own. */
async function installPython(): Promise<void> {
  if (await runs('python3', '-c', 'import ensurepip, venv')) return;
  if (!mayInstall()) throw new Error('install Python 3.10 or newer with its venv module (Debian: python3-venv)');
  await installPackages('python3', 'python3-venv');
}
