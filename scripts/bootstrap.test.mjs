import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { fingerprint } from './dependencies.mjs';
import { isNewEnough } from './node.mjs';
import { runStep, runTarget } from './subprocess.mjs';

const root = mkdtempSync(join(tmpdir(), 'hatchet-bootstrap-'));
beforeAll(() => void vi.spyOn(console, 'error').mockImplementation(() => {}));
afterAll(() => rmSync(root, { recursive: true, force: true }));

describe('the bootstrap', () => {
  it('requires Node 22.22', () => {
    expect(['20.20.2', '22.21.9'].map(isNewEnough)).toEqual([false, false]);
    expect(['22.22.0', '24.0.0', '26.10.0'].map(isNewEnough)).toEqual([true, true, true]);
  });

  it('installs again only after a manifest or the lockfile has changed', () => {
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

  it('writes the output of a step to a log, and prints its end if the step fails', async () => {
    const failing = `for (let i = 1; i < 100; i++) console.log('line ' + i); process.exit(3)`;
    const error = await runStep(root, 'doing it', process.execPath, ['-e', failing]).catch((error) => error);
    expect(error.message).toMatch(/^doing it failed \(exit 3, \d+ s\); log: \.tools\/logs\/doing-it\.log\nline 80\n/);
    expect(readFileSync(join(root, '.tools', 'logs', 'doing-it.log'), 'utf8')).toContain('line 1\n');
    await expect(runStep(root, 'doing it', '/no/such/program', [])).rejects.toThrow('cannot start /no/such/program');
  });

  it('returns the exit code of its target', async () => {
    expect(await runTarget(root, process.execPath, ['-e', 'process.exit(7)'])).toBe(7);
    expect(await runTarget(root, process.execPath, ['-e', 'process.kill(process.pid, "SIGKILL")'])).toBe(137);
  });

  it('forwards a signal and waits for the end of the target, and the target notices if the bootstrap is killed', async () => {
    const target = `
      process.on('disconnect', () => { console.log('alone'); process.exit(); });
      process.on('SIGTERM', () => { console.log('stopping'); process.exit(5); });
      setInterval(() => {}, 1000); console.log('up');`;
    const runner = `
      import { runTarget } from ${JSON.stringify(new URL('./subprocess.mjs', import.meta.url).href)};
      process.exitCode = await runTarget(${JSON.stringify(root)}, process.execPath, ['-e', ${JSON.stringify(target)}], process.env);`;
    const run = () => {
      const child = spawn(process.execPath, ['--input-type=module', '-e', runner], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const output = [];
      child.stdout.on('data', (chunk) => output.push(String(chunk).trim()));
      return { child, up: once(child.stdout, 'data'), closed: once(child, 'close'), output };
    };
    const stopped = run();
    await stopped.up;
    stopped.child.kill('SIGTERM');
    expect([(await stopped.closed)[0], stopped.output]).toEqual([5, ['up', 'stopping']]);

    const killed = run();
    await killed.up;
    killed.child.kill('SIGKILL');
    await killed.closed; // the target holds the pipe, too, so it has ended
    expect(killed.output).toEqual(['up', 'alone']);
  });
});
