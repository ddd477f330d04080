import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { installPackages, mayInstall, runs } from '../docker/debian-packages.ts';
import { runCommand } from '../harness/run-command.ts';

const CACHE = join(import.meta.dirname, '../../.cache/python');
const REQUIREMENTS = join(import.meta.dirname, 'application/requirements.txt');

/**
 * Creates a virtual environment with the official SDK from PyPI and returns the path of its `python`. Later runs with the
 * same requirements reuse it. On Debian as root, installs Python if it is missing.
 *
 * @throws Error with the remedy if there is no Python and none may be installed
 */
export async function pythonInterpreter(): Promise<string> {
  await installPython();
  const version = (await runCommand('python3', ['--version'], { cwd: import.meta.dirname })).trim();
  const key = createHash('sha256').update(version).update(readFileSync(REQUIREMENTS)).digest('hex').slice(0, 12);
  const folder = join(CACHE, key);
  const python = join(folder, 'bin/python');
  const done = join(folder, '.complete');
  if (existsSync(done)) return python;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(CACHE, { recursive: true });
  await runCommand('python3', ['-m', 'venv', folder], { cwd: CACHE });
  await runCommand(python, ['-m', 'pip', 'install', '--quiet', '--requirement', REQUIREMENTS], { cwd: CACHE });
  writeFileSync(done, '');
  return python;
}

/** Installs Python with its venv module, which is a separate package on Debian. */
async function installPython(): Promise<void> {
  if (await runs('python3', '-c', 'import ensurepip, venv')) return;
  if (!mayInstall()) throw new Error('install Python 3.10 or newer with its venv module (Debian: python3-venv)');
  await installPackages('python3', 'python3-venv');
}
