import { execFile } from 'node:child_process';
import { cpSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { temporaryDatabase } from '@hatchet-ts/storage/embedded';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ServiceProcess } from '../harness/service-process.ts';
import { deployFile, ROOT } from './files.ts';

/** The instructions of one stage of the Dockerfile, continued lines joined. */
function stage(name: string): string[] {
  const text = deployFile('Dockerfile').replace(/\\\n\s*/g, '');
  const body = text.slice(text.indexOf(` AS ${name}\n`)).split(/\nFROM /)[0] ?? '';
  return body.split('\n').filter((line) => /^[A-Z]+ /.test(line));
}

/** What `.dockerignore` keeps out; patterns of the form `**\/*.x`, `**\/x` and `x` only. */
function isIgnored(path: string): boolean {
  return deployFile('../.dockerignore')
    .split('\n')
    .some((line) => {
      const pattern = line.replace('**/', '');
      return pattern.startsWith('*') ? path.endsWith(pattern.slice(1)) : pattern === basename(path);
    });
}

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'image-'));
  // No base image can be pulled everywhere: the instructions themselves are run, in a folder instead of an image.
  for (const instruction of stage('build')) {
    const [, verb, rest = ''] = /^(\w+) (.*)$/.exec(instruction) ?? [];
    const words = rest.split(' ');
    const target = words.pop() ?? '';
    if (verb === 'COPY') {
      for (const source of words) {
        const to = target.endsWith('/') ? join(folder, target, basename(source)) : join(folder, target);
        cpSync(join(ROOT, source), to, { recursive: true, filter: (path) => !isIgnored(path) });
      }
    } else if (verb === 'RUN') {
      await promisify(execFile)('sh', ['-c', rest], { cwd: folder, maxBuffer: 64 << 20 });
    } else expect(verb).toBe('WORKDIR');
  }
});
afterAll(() => rm(folder, { recursive: true, force: true }));

it('what the Dockerfile makes serves: the engine and the API start, and end on SIGTERM', async () => {
  const start = (target: string, env: Record<string, string>) => {
    const [, command = '[]'] = /ENTRYPOINT (\[.*\])/.exec(stage(target).join('\n')) ?? [];
    const [program, entry = ''] = JSON.parse(command) as string[];
    expect(program).toBe('node');
    return ServiceProcess.start({
      name: target,
      entry: join(folder, entry),
      env: { DATABASE_URL: database.url, ...env },
      logFile: join(folder, `${target}.log`),
    });
  };
  const database = await temporaryDatabase();
  const engine = await start('engine', { SERVER_GRPC_PORT: '0', SERVER_GRPC_BIND_ADDRESS: '127.0.0.1' });
  const api = await start('api', { SERVER_PORT: '0', SERVER_GRPC_BROADCAST_ADDRESS: engine.address });
  expect((await fetch(`http://${api.address}/api/ready`)).status).toBe(200);
  await api.stop();
  await engine.stop();
  expect([(await api.ended).code, (await engine.ended).code]).toEqual([0, 0]);
  await database.drop();
});
