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
 * The values that are set here, as the templates of Hatchet's charts use them: variables are strings, for `sharedConfig.env`
 * becomes a secret by `b64enc` and `env` a list by `value: "{{ . }}"`.
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
      // The chart's own list is replaced by this one: what it had must stay.
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

/** The backend services of each chart. */
const CHARTS: [string, string[]][] = [
  ['hatchet-stack', ['api', 'engine']],
  ['hatchet-ha', ['api', 'grpc', 'controllers', 'scheduler']],
];

describe.each(CHARTS)('the values for %s', (chart, components) => {
  const [values] = documents<Values>(`helm/${chart}.values.yaml`);

  it('are what the chart understands', () => {
    const validate = new Ajv({ allErrors: true, strictTypes: false }).compile(schema(components));
    expect(validate(values) || validate.errors).toBe(true);
  });

  it('give every service a good configuration and a name of its own', async () => {
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

  it('hold no secret, and take the authorisation from one', () => {
    expect(JSON.stringify(values)).not.toMatch(/Bearer|COLLECTOR_AUTH"/);
    for (const component of components) {
      expect(values![component]!.deploymentEnvFrom).toContainEqual({ secretRef: { name: 'otel-collector-auth' } });
    }
  });

  it('are patched by what matches the name of each deployment, and not that of the frontend', () => {
    const [kustomization] = documents<{ patches: { target: { name: string } }[] }>('helm/pod-names/kustomization.yaml');
    const pattern = new RegExp(`^${kustomization!.patches[0]!.target.name}$`);
    for (const component of components) expect(`hatchet-${component}`).toMatch(pattern);
    expect('hatchet-frontend').not.toMatch(pattern);
  });
});

it('the patch gives pod and namespace by the downward API, as variables that the services read', () => {
  const [patch] = documents<{ op: string; path: string; value: unknown }[]>('helm/pod-names/pod-names.yaml');
  const path = '/spec/template/spec/containers/0/env/-';
  const field = (name: string, fieldPath: string) => ({
    op: 'add',
    path,
    value: { name, valueFrom: { fieldRef: { fieldPath } } },
  });
  expect(patch).toEqual([field('K8S_POD_NAME', 'metadata.name'), field('K8S_POD_NAMESPACE', 'metadata.namespace')]);
});
