import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startProcess } from '@hatchet-ts/trace-testing';
import { afterAll, describe, expect, it } from 'vitest';
import { ProcessRecord, processIdentity } from './process-record.ts';

const folder = mkdtempSync(join(tmpdir(), 'hatchet-record-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const idle = () => startProcess('node', ['-e', 'console.log("up"); setInterval(() => {}, 1000)'], { ready: 'up' });

describe('the process record', () => {
  it('ends the processes that an earlier start left running', async () => {
    const file = join(folder, 'left.json');
    const left = await idle();
    const gone = await idle();
    const before = new ProcessRecord(file);
    await before.add('engine', left.pid);
    await before.add('api', gone.pid);
    process.kill(gone.pid);
    await gone.ended;

    expect(await new ProcessRecord(file).endLeftovers('npm start')).toEqual(['engine']);
    await left.ended;
    expect(await processIdentity(left.pid)).toBeUndefined();
  });

  it('does not touch another process that got a recorded id', async () => {
    const file = join(folder, 'reused.json');
    const other = await idle();
    const before = new ProcessRecord(file);
    await before.add('engine', other.pid);
    writeFileSync(file, readFileSync(file, 'utf8').replace(/"identity": "\d+/, '"identity": "1'));

    expect(await new ProcessRecord(file).endLeftovers('npm start')).toEqual([]);
    expect(await processIdentity(other.pid)).toBeDefined();
    process.kill(other.pid);
    await other.ended;
  });

  it('is refused while its owner is alive', async () => {
    const file = join(folder, 'alive.json');
    await new ProcessRecord(file).add('npm start', process.pid);
    await expect(new ProcessRecord(file).endLeftovers('npm start')).rejects.toThrow(
      `npm start is already running as process ${process.pid}`,
    );
  });

  it('is empty if its file is missing or truncated', async () => {
    const file = join(folder, 'half.json');
    expect(await new ProcessRecord(file).endLeftovers('npm start')).toEqual([]);
    writeFileSync(file, '[{"name"');
    const record = new ProcessRecord(file);
    expect(await record.endLeftovers('npm start')).toEqual([]);
    await record.add('engine', process.pid);
    record.clear();
    expect(existsSync(file)).toBe(false);
  });
});
