import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { fingerprint } from './dependencies.mjs';
import { isNewEnough } from './node.mjs';
import { handOver, step } from './step.mjs';

const root = mkdtempSync(join(tmpdir(), 'hatchet-bootstrap-'));
beforeAll(() => void vi.spyOn(console, 'error').mockImplementation(() => {}));
afterAll(() => rmSync(root, { recursive: true, force: true }));

describe('the bootstrap', () => {
  it('knows which Node is new enough', () => {
    expect(['20.20.2', '22.21.9'].map(isNewEnough)).toEqual([false, false]);
    expect(['22.22.0', '24.0.0', '26.10.0'].map(isNewEnough)).toEqual([true, true, true]);
  });

  it('installs again when a manifest or the lockfile has changed, and only then', () => {
    const write = (file, text) => writeFileSync(join(root, file), text);
    mkdirSync(join(root, 'apps', 'demo'), { recursive: true });
    for (const file of ['pnpm-lock.yaml', 'pnpm-workspace.yaml', 'package.json', 'apps/demo/package.json'])
      write(file, '1');
    const seen = new Set([fingerprint(root)]);
    expect(seen).toContain(fingerprint(root));
    for (const file of ['pnpm-lock.yaml', 'pnpm-workspace.yaml', 'package.json', 'apps/demo/package.json']) {
      write(file, '2');
      seen.add(fingerprint(root));
    }
    expect(seen.size).toBe(5);
  });

  it('keeps the output of a step in a log, and shows its end when the step fails', async () => {
    const failing = `for (let i = 1; i < 100; i++) console.log('line ' + i); process.exit(3)`;
    const error = await step(root, 'doing it', process.execPath, ['-e', failing]).catch((error) => error);
    expect(error.message).toMatch(
      /^doing it failed \(exit 3, \d+ s\), whole log: \.tools\/logs\/doing-it\.log\nline 80\n/,
    );
    expect(readFileSync(join(root, '.tools', 'logs', 'doing-it.log'), 'utf8')).toContain('line 1\n');
    await expect(step(root, 'doing it', '/no/such/program', [])).rejects.toThrow(
      '/no/such/program could not be started',
    );
  });

  it('ends as the target ends', async () => {
    expect(await handOver(root, process.execPath, ['-e', 'process.exit(7)'])).toBe(7);
    expect(await handOver(root, process.execPath, ['-e', 'process.kill(process.pid, "SIGKILL")'])).toBe(137);
  });

  it('hands a signal on and waits until the target has ended, and the target sees when it is gone', async () => {
    const target = `
      process.on('disconnect', () => { console.log('alone'); process.exit(); });
      process.on('SIGTERM', () => { console.log('asked to stop'); process.exit(5); });
      setInterval(() => {}, 1000); console.log('up');`;
    const runner = `
      import { handOver } from ${JSON.stringify(new URL('./step.mjs', import.meta.url).href)};
      process.exitCode = await handOver(${JSON.stringify(root)}, process.execPath, ['-e', ${JSON.stringify(target)}], process.env);`;
    const run = () => {
      const child = spawn(process.execPath, ['--input-type=module', '-e', runner], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const output = [];
      child.stdout.on('data', (chunk) => output.push(String(chunk).trim()));
      return { child, up: once(child.stdout, 'data'), closed: once(child, 'close'), output };
    };
    const asked = run();
    await asked.up;
    asked.child.kill('SIGTERM');
    expect([(await asked.closed)[0], asked.output]).toEqual([5, ['up', 'asked to stop']]);

    const killed = run();
    await killed.up;
    killed.child.kill('SIGKILL');
    await killed.closed; // of the pipe that the target holds too: it has ended
    expect(killed.output).toEqual(['up', 'alone']);
  });
});
