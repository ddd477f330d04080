import { randomUUID } from 'node:crypto';
import type { Resource } from '@opentelemetry/resources';
import {
  ATTR_K8S_NAMESPACE_NAME,
  ATTR_K8S_POD_NAME,
  ATTR_SERVICE_INSTANCE_ID,
  ATTR_SERVICE_NAME,
  ATTR_SERVICE_VERSION,
} from '@opentelemetry/semantic-conventions';
import type { Configuration } from '../configuration/settings.ts';
import { loadResources } from '../modules.ts';

/**
 * Creates the resource of the service: detected attributes of process and host, then the operator's, then our own. Later
 * ones win, so `OTEL_RESOURCE_ATTRIBUTES` can correct detected attributes, but not the names of service and pod.
 */
export function createServiceResource(configuration: Configuration, serviceVersion: string | undefined): Resource {
  const { defaultResource, detectResources, hostDetector, processDetector, resourceFromAttributes } = loadResources();
  const { podName, podNamespace, resourceAttributes, serviceName } = configuration;
  // Command lines may contain tokens and passwords.
  const detectedProcess = Object.entries(processDetector.detect().attributes ?? {}).filter(
    ([key]) => !COMMAND_LINE.has(key),
  );
  return defaultResource()
    .merge(detectResources({ detectors: [hostDetector] }))
    .merge(resourceFromAttributes(Object.fromEntries(detectedProcess)))
    .merge(
      resourceFromAttributes({
        [ATTR_SERVICE_INSTANCE_ID]: randomUUID(),
        ...(serviceVersion === undefined ? {} : { [ATTR_SERVICE_VERSION]: serviceVersion }),
        ...resourceAttributes,
        [ATTR_SERVICE_NAME]: serviceName,
        'library.language': 'nodejs',
        ...(podName === undefined ? {} : { [ATTR_K8S_POD_NAME]: podName }),
        ...(podNamespace === undefined ? {} : { [ATTR_K8S_NAMESPACE_NAME]: podNamespace }),
      }),
    );
}

const COMMAND_LINE: ReadonlySet<string> = new Set([
  'process.command',
  'process.command_args',
  'process.command_line',
  'process.owner',
]);
