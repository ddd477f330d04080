import { nearestName } from '@hatchet-ts/internal/nearest-name';
import type { ConfigurationFile } from './configuration-file.ts';
import { proxyOf } from './proxy.ts';
import { type Configuration, SETTINGS, type SettingName } from './settings.ts';
import { boolean } from './values.ts';
import type { Written } from './written-value.ts';

/** Warns of each `SERVER_OTEL_*` variable and each key below `otel:` that is not a setting, and suggests the nearest one. */
export function unknownNameWarnings(
  env: Readonly<Record<string, unknown>>,
  file: ConfigurationFile | undefined,
): string[] {
  const variables = Object.values(SETTINGS).map(({ variable }) => variable);
  const keys = Object.values(SETTINGS).flatMap(({ yaml }) => yaml ?? []);
  const knownKeys = new Set(keys.map((key) => key.toLowerCase()));
  const unknownVariables = Object.keys(env).filter(
    (name) => name.startsWith('SERVER_OTEL_') && !variables.includes(name),
  );
  const unknownKeys = [...(file?.entries ?? [])]
    .filter(([key, { hasKeys }]) => !knownKeys.has(key) && !hasKeys)
    .map(([, { name }]) => name);
  return [
    ...unknownVariables.sort().map((name) => warning(name, nearestName(name, variables))),
    ...unknownKeys.sort().map((name) => `${file?.path}: ${warning(name, nearestName(name, keys))}`),
  ];
}

function warning(name: string, nearest: string | undefined): string {
  return `${name} is not a setting of this service; ${nearest === undefined ? 'ignoring it' : `did you mean ${nearest}?`}`;
}

/** Warns of TLS settings of a plaintext connection: one of the two is probably a mistake. */
export function ineffectiveTlsWarnings(
  configuration: Partial<Configuration>,
  nameOf: (setting: SettingName) => string,
): string[] {
  if (!configuration.insecure) return [];
  const tls = ['tlsRootCaFile', 'tlsCertFile', 'tlsKeyFile', 'tlsServerName'] as const;
  return tls
    .filter((name) => configuration[name] !== undefined)
    .map((name) => `${nameOf(name)} has no effect: ${nameOf('insecure')} is true`);
}

/**
 * Warns of booleans that Hatchet's own services read differently. All of them parse the value with Go's
 * `strconv.ParseBool` when they load their configuration, and `SERVER_OTEL_INSECURE` once more before, where only
 * `true` and `t` are true.
 */
export function hatchetBooleanWarnings(written: Readonly<Record<SettingName, Written>>): string[] {
  return (['insecure', 'metricsEnabled'] as const).flatMap((name) => {
    const { origin, file, text } = written[name];
    const value = boolean().safeParse(text);
    if (text === undefined || !value.success) return [];
    const isTls = name === 'insecure' && origin.from === 'environment' && text === '1';
    const effect = isTls ? 'Hatchet’s own services use TLS with it' : 'it stops Hatchet’s own services';
    if (GO_BOOLEANS.has(text) && !isTls) return [];
    const source = `${file === undefined ? '' : `${file}: `}${origin.name}`;
    return [`${source}=${text} is ${value.data} here, but ${effect}; write ${value.data}`];
  });
}

const GO_BOOLEANS: ReadonlySet<string> = new Set('1 t T TRUE true True 0 f F FALSE false False'.split(' '));

/** Warns of a proxy URL whose parts are read differently than expected; as in Hatchet’s own services. */
export function proxyWarnings(configuration: Partial<Configuration>, variable: string): string[] {
  const { collector, httpsProxy, noProxy = [] } = configuration;
  const proxy = proxyOf({ collector, httpsProxy, noProxy });
  const warnings: string[] = [];
  if (proxy?.scheme === 'https')
    warnings.push(`${variable}: the connection to the proxy itself is plaintext; write http://`);
  if (proxy?.hasDefaultPort) warnings.push(`${variable} has no port; using ${proxy.port}; write http://host:port`);
  return warnings;
}
