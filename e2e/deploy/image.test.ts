import { cpSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { temporaryDatabase } from '@hatchet-ts/storage/embedded';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { runCommand } from '../harness/run-command.ts';
import { addressOf, startService } from '../harness/service.ts';
import { deployFile, ROOT } from './files.ts';

/** Returns the instructions of one stage of the Dockerfile, with continued lines joined. */
function stage(name: string): string[] {
  const text = deployFile('Dockerfile').replace(/\\\n\s*/g, '');
  const body = text.slice(text.indexOf(` AS ${name}\n`)).split(/\nFROM /)[0] ?? '';
  return body.split('\n').filter((line) => /^[A-Z]+ /.test(line));
}

/** Returns true if `.dockerignore` excludes a path. Supports patterns of the form `**\/*.x`, `**\/x` and `x` only. */
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
  // base images cannot be pulled everywhere: run the instructions in a folder instead of an image
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
      await runCommand('sh', ['-c', rest], { cwd: folder });
    } else expect(verb).toBe('WORKDIR');
  }
});
afterAll(() => rm(folder, { recursive: true, force: true }));

it('engine and API start from the files of the Dockerfile, and end on SIGTERM', async () => {
  const start = (target: string, env: Record<string, string>) => {
    const [, command = '[]'] = /ENTRYPOINT (\[.*\])/.exec(stage(target).join('\n')) ?? [];
    const [program, entry = ''] = JSON.parse(command) as string[];
    expect(program).toBe('node');
    return startService({
      name: target,
      entry: join(folder, entry),
      env: { DATABASE_URL: database.url, ...env },
      folder,
    });
  };
  const database = await temporaryDatabase();
  const engine = await start('engine', { SERVER_GRPC_PORT: '0', SERVER_GRPC_BIND_ADDRESS: '127.0.0.1' });
  const api = await start('api', { SERVER_PORT: '0', SERVER_GRPC_BROADCAST_ADDRESS: addressOf(engine) });
  expect((await fetch(`http://${addressOf(api)}/api/ready`)).status).toBe(200);
  expect([(await api.stop()).code, (await engine.stop()).code]).toEqual([0, 0]);
  await database.drop();
});
