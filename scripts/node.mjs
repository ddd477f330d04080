import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { StepFailed } from './step.mjs';

const LEAST = [22, 22]; // what the tools and the tests need: see "engines" of testcontainers

/**
 * The Node that everything runs on: the one from npm, else the machine's own.
 * npm has a packaged Node for Linux on x64 and arm64 only, so elsewhere the machine's own must be new enough.
 */
export function projectNode(root) {
  const packaged = join(root, 'node_modules', '.bin', 'node');
  if (existsSync(packaged) && spawnSync(packaged, ['--version']).status === 0) return packaged;
  if (isNewEnough(process.versions.node)) return process.execPath;
  throw new StepFailed(tooOld());
}

/** Says at once what no installation would mend. */
export function checkMachine() {
  const packaged = process.platform === 'linux' && ['x64', 'arm64'].includes(process.arch);
  if (!isNewEnough(process.versions.node) && !packaged) throw new StepFailed(tooOld());
}

export function isNewEnough(version) {
  const [major, minor] = version.split('.').map(Number);
  return major > LEAST[0] || (major === LEAST[0] && minor >= LEAST[1]);
}

function tooOld() {
  const here = `Node ${process.versions.node} on ${process.platform} ${process.arch}`;
  return `${here} is too old: install Node ${LEAST.join('.')} or newer (https://nodejs.org) and try again. Only for Linux with glibc on x64 and arm64 a newer one comes from npm.`;
}
