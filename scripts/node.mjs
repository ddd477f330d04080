import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { BootstrapError } from './subprocess.mjs';

const MINIMUM = [22, 22]; // required by the tools and the tests: see "engines" of testcontainers

/**
 * Returns the Node that runs the target: the one from npm, otherwise the machine's own. npm has a packaged Node only
 * for Linux on x64 and arm64, so elsewhere the machine's own must be new enough.
 */
export function projectNode(root) {
  const packaged = join(root, 'node_modules', '.bin', 'node');
  if (existsSync(packaged) && spawnSync(packaged, ['--version']).status === 0) return packaged;
  if (isNewEnough(process.versions.node)) return process.execPath;
  throw tooOldError();
}

/** @throws BootstrapError if the machine's Node is too old and npm has no newer one for this platform */
export function checkMachine() {
  const isPackaged = process.platform === 'linux' && ['x64', 'arm64'].includes(process.arch);
  if (!isNewEnough(process.versions.node) && !isPackaged) throw tooOldError();
}

export function isNewEnough(version) {
  const [major, minor] = version.split('.').map(Number);
  return major > MINIMUM[0] || (major === MINIMUM[0] && minor >= MINIMUM[1]);
}

function tooOldError() {
  return new BootstrapError(
    `Node ${process.versions.node} on ${process.platform} ${process.arch} is too old: install Node ${MINIMUM.join('.')} or newer (https://nodejs.org). Only Linux with glibc on x64 and arm64 gets a newer Node from npm.`,
  );
}
