import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { join, relative } from 'node:path';

/** Ends the bootstrap with its message alone, without a stack. */
export class BootstrapError extends Error {}

/**
 * Runs a command with its output in a log. Prints the name of the step and, every 10 s, the last line of the log.
 * @throws BootstrapError with the end of the log
 */
export async function runStep(root, name, command, args, env = process.env) {
  const logs = join(root, '.tools', 'logs');
  mkdirSync(logs, { recursive: true });
  const log = join(logs, `${name.replace(/[^a-z0-9]+/gi, '-')}.log`);
  const startedAt = Date.now();
  const elapsed = () => `${Math.round((Date.now() - startedAt) / 1000)} s`;
  console.error(`• ${name} …`);
  const progress = setInterval(() => console.error(`  … ${elapsed()}: ${lastLines(log, 1)}`), 10_000);
  const file = openSync(log, 'w');
  try {
    const child = spawn(command, args, { cwd: root, env, stdio: ['ignore', file, file] });
    const code = await waitForExit(child, { signalEndsThisProcess: true });
    if (code !== 0) {
      const details = `exit ${code}, ${elapsed()}`;
      throw new BootstrapError(`${name} failed (${details}); log: ${relative(root, log)}\n${lastLines(log, 20)}`);
    }
  } catch (error) {
    if (error instanceof BootstrapError) throw error;
    throw new BootstrapError(`${name} failed: cannot start ${command}: ${error.message}`);
  } finally {
    clearInterval(progress);
    closeSync(file);
  }
}

/** Runs the target in this terminal and returns its exit code. */
export async function runTarget(root, node, args, env) {
  const stdio = ['inherit', 'inherit', 'inherit', 'ipc']; // the target sees 'disconnect' even if this process is killed
  const child = spawn(node, ['--disable-warning=ExperimentalWarning', ...args], { cwd: root, env, stdio });
  return await waitForExit(child, { signalEndsThisProcess: false });
}

/** Forwards signals to the child and waits for its end. */
function waitForExit(child, { signalEndsThisProcess }) {
  return new Promise((resolve, reject) => {
    const forward = (signal) => child.kill(signal);
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, forward);
    child.on('error', reject);
    child.on('exit', (code, signal) => {
      for (const each of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.off(each, forward);
      if (signal && signalEndsThisProcess) process.kill(process.pid, signal);
      resolve(code ?? 128 + constants.signals[signal]);
    });
  });
}

function lastLines(log, count) {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: a quoted log has no colors
  const text = readFileSync(log, 'utf8').replace(/\u001b\[[0-9;]*m/g, '');
  const lines = text.split(/[\r\n]+/).filter((line) => line.trim() !== '');
  return lines.slice(-count).join('\n') || '(no output yet)';
}
