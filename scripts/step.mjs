import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { join, relative } from 'node:path';

/** A reason to stop that is told in its message alone. */
export class StepFailed extends Error {}

/**
 * Runs a command with its output in a log, says what it is doing and, while it takes long, how far it is.
 * @throws StepFailed with the end of the log
 */
export async function step(root, what, command, args, env = process.env) {
  const logs = join(root, '.tools', 'logs');
  mkdirSync(logs, { recursive: true });
  const log = join(logs, `${what.replace(/[^a-z0-9]+/gi, '-')}.log`);
  const began = Date.now();
  const seconds = () => `${Math.round((Date.now() - began) / 1000)} s`;
  console.error(`• ${what} …`);
  const progress = setInterval(() => console.error(`  … ${seconds()}: ${lastLines(log, 1)}`), 10_000);
  const file = openSync(log, 'w');
  try {
    const code = await ended(spawn(command, args, { cwd: root, env, stdio: ['ignore', file, file] }), false);
    if (code !== 0) {
      const where = relative(root, log);
      throw new StepFailed(`${what} failed (exit ${code}, ${seconds()}), whole log: ${where}\n${lastLines(log, 20)}`);
    }
  } catch (error) {
    if (error instanceof StepFailed) throw error;
    throw new StepFailed(`${what} failed: ${command} could not be started: ${error.message}`);
  } finally {
    clearInterval(progress);
    closeSync(file);
  }
}

/** Runs the target in this terminal and answers its exit code. */
export async function handOver(root, node, args, env) {
  const stdio = ['inherit', 'inherit', 'inherit', 'ipc']; // tells the target when this process has gone, however it went
  return await ended(spawn(node, ['--disable-warning=ExperimentalWarning', ...args], { cwd: root, env, stdio }), true);
}

/** Signals that end this process are the child's to obey first; then this process ends as the child did. */
function ended(child, patient) {
  return new Promise((resolve, reject) => {
    const pass = (signal) => child.kill(signal);
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, pass);
    child.on('error', reject);
    child.on('exit', (code, signal) => {
      for (const each of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.off(each, pass);
      if (signal && !patient) process.kill(process.pid, signal);
      resolve(code ?? 128 + constants.signals[signal]);
    });
  });
}

function lastLines(log, count) {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: colours have no place in a quoted log
  const text = readFileSync(log, 'utf8').replace(/\u001b\[[0-9;]*m/g, '');
  const lines = text.split(/[\r\n]+/).filter((line) => line.trim() !== '');
  return lines.slice(-count).join('\n') || '(nothing yet)';
}
