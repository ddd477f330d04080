import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';
import { configurationOf } from './effective-configuration.ts';
import { documents } from './files.ts';

interface Component {
  env: Record<string, string>;
  deploymentEnvFrom: { secretRef: { name: string } }[];
}
type Values = { sharedConfig: { env: Record<string, string> } } & Record<string, Component>;

/**
 * Schemas of the values as the templates of Hatchet's charts use them. Variables are strings, because `sharedConfig.env`
 * becomes a secret by `b64enc`, and `env` a list by `value: "{{ . }}"`.
 */
const STRINGS = { type: 'object', additionalProperties: { type: 'string', pattern: '^[^"\\n]*$' } };
const COMPONENT = {
  type: 'object',
  additionalProperties: false,
  required: ['env', 'deploymentEnvFrom', 'extraVolumes', 'extraVolumeMounts'],
  properties: {
    env: STRINGS,
    deploymentEnvFrom: {
      type: 'array',
      // this list replaces the chart's own, so it must contain the chart's entry
      contains: { properties: { secretRef: { properties: { name: { const: 'hatchet-config' } } } } },
      items: {
        type: 'object',
        required: ['secretRef'],
        properties: { secretRef: { type: 'object', required: ['name'], properties: { name: { type: 'string' } } } },
      },
    },
    extraVolumes: { type: 'array', items: { type: 'object', required: ['name'] } },
    extraVolumeMounts: { type: 'array', items: { type: 'object', required: ['name', 'mountPath'] } },
  },
};
const schema = (components: string[]) => ({
  type: 'object',
  additionalProperties: false,
  required: ['sharedConfig', ...components],
  properties: {
    sharedConfig: { type: 'object', additionalProperties: false, properties: { env: STRINGS } },
    ...Object.fromEntries(components.map((name) => [name, COMPONENT])),
  },
});

/** Backend services of each chart. */
const CHARTS: [string, string[]][] = [
  ['hatchet-stack', ['api', 'engine']],
  ['hatchet-ha', ['api', 'grpc', 'controllers', 'scheduler']],
];

describe.each(CHARTS)('the values for %s', (chart, components) => {
  const [values] = documents<Values>(`helm/${chart}.values.yaml`);

  it('conform to the chart', () => {
    const validate = new Ajv({ allErrors: true, strictTypes: false }).compile(schema(components));
    expect(validate(values) || validate.errors).toBe(true);
  });

  it('give every service a valid configuration and a distinct service name', async () => {
    const names = new Set<unknown>();
    for (const component of components) {
      const { problems, warnings, value } = await configurationOf({
        ...values!.sharedConfig.env,
        SERVER_OTEL_COLLECTOR_AUTH: 'Bearer from the secret',
        ...values![component]!.env,
      });
      expect({ component, problems, warnings }).toEqual({ component, problems: [], warnings: [] });
      expect(value('SERVER_OTEL_INSECURE')).toBe(false);
      expect(value('SERVER_OTEL_METRICS_ENABLED')).toBe(true);
      names.add(value('SERVER_OTEL_SERVICE_NAME'));
    }
    expect(names.size).toBe(components.length);
    expect(values!.sharedConfig.env).not.toHaveProperty('SERVER_OTEL_SERVICE_NAME');
  });

  it('contain no secret, and read the authorization from one', () => {
    expect(JSON.stringify(values)).not.toMatch(/Bearer|COLLECTOR_AUTH"/);
    for (const component of components) {
      expect(values![component]!.deploymentEnvFrom).toContainEqual({ secretRef: { name: 'otel-collector-auth' } });
    }
  });

  it('the patch of pod names matches each deployment but not the frontend', () => {
    const [kustomization] = documents<{ patches: { target: { name: string } }[] }>('helm/pod-names/kustomization.yaml');
    const pattern = new RegExp(`^${kustomization!.patches[0]!.target.name}$`);
    for (const component of components) expect(`hatchet-${component}`).toMatch(pattern);
    expect('hatchet-frontend').not.toMatch(pattern);
  });
});

it('the patch sets the variables for pod and namespace by the downward API', () => {
  const [patch] = documents<{ op: string; path: string; value: unknown }[]>('helm/pod-names/pod-names.yaml');
  const path = '/spec/template/spec/containers/0/env/-';
  const field = (name: string, fieldPath: string) => ({
    op: 'add',
    path,
    value: { name, valueFrom: { fieldRef: { fieldPath } } },
  });
  expect(patch).toEqual([field('K8S_POD_NAME', 'metadata.name'), field('K8S_POD_NAMESPACE', 'metadata.namespace')]);
});
