import { Deployment } from 'kubernetes-models/apps/v1';
import { ConfigMap, Service } from 'kubernetes-models/v1';
import { describe, expect, it } from 'vitest';
import { configurationOf } from './effective-configuration.ts';
import { documents } from './files.ts';

/** Validators from the OpenAPI definitions of Kubernetes. */
const KINDS = { ConfigMap, Deployment, Service };
type Manifest = { kind: keyof typeof KINDS; metadata: { name: string } };

const manifests = documents<Manifest>('kubernetes/services.yaml');
const deployments = manifests
  .filter(({ kind }) => kind === 'Deployment')
  .map((manifest) => new Deployment(manifest as never));
const shared = manifests.find(({ kind }) => kind === 'ConfigMap') as unknown as { data: Record<string, string> };

describe('the manifests', () => {
  it.each(manifests.map((manifest) => [`${manifest.kind} ${manifest.metadata.name}`, manifest] as const))(
    '%s conforms to the Kubernetes API',
    (_, manifest) => {
      expect(() => new KINDS[manifest.kind](manifest as never).validate()).not.toThrow();
    },
  );

  it('would fail validation with a mistake', () => {
    const broken = structuredClone(manifests.find(({ kind }) => kind === 'Deployment')!) as never as {
      spec: { template: { spec: { containers: { env: unknown }[] } } };
    };
    broken.spec.template.spec.containers[0]!.env = 'a text';
    expect(() => new Deployment(broken as never).validate()).toThrow();
  });

  it('give engine and API a valid configuration, distinct service names, pod and namespace', async () => {
    const names = new Set<unknown>();
    for (const deployment of deployments) {
      const container = deployment.spec!.template.spec!.containers[0]!;
      const plain = container.env!.filter(({ value }) => value !== undefined).map(({ name, value }) => [name, value!]);
      const fields = container.env!.map(({ name, valueFrom }) => [name, valueFrom?.fieldRef?.fieldPath]);
      expect(fields).toContainEqual(['K8S_POD_NAME', 'metadata.name']);
      expect(fields).toContainEqual(['K8S_POD_NAMESPACE', 'metadata.namespace']);
      const { problems, warnings, value } = await configurationOf({ ...shared.data, ...Object.fromEntries(plain) });
      expect({ problems, warnings }).toEqual({ problems: [], warnings: [] });
      names.add(value('SERVER_OTEL_SERVICE_NAME'));
    }
    expect([...names]).toEqual(['hatchet-engine', 'hatchet-api']);
  });

  it('mount every file that the configuration names', () => {
    const paths = Object.values(shared.data).filter((value) => value.startsWith('/'));
    expect(paths).toHaveLength(2);
    for (const deployment of deployments) {
      const pod = deployment.spec!.template.spec!;
      const mounts = pod.containers[0]!.volumeMounts!;
      for (const path of paths) expect(mounts.some(({ mountPath }) => path.startsWith(`${mountPath}/`))).toBe(true);
      expect(mounts.map(({ name }) => name)).toEqual(pod.volumes!.map(({ name }) => name));
    }
  });
});
