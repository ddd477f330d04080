import { readAuthFile } from './auth-file.ts';
import { type ConfigurationProblem, ServerTelemetryConfigError } from './config-error.ts';
import { CONFIG_FILE_VARIABLE, type ConfigFile, readConfigFile } from './config-file.ts';
import { masked } from './masked.ts';
import type { Configuration, Setting, SettingName } from './setting.ts';
import { SETTINGS } from './settings.ts';
import { readTlsFiles, type TlsFiles } from './tls-files.ts';
import { unknownNames } from './unknown-names.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** Where a value comes from. */
export interface Origin {
  readonly from: 'environment' | 'file' | 'default';
  /** The variable, or the path of the YAML key. */
  readonly name: string;
}

/** The configuration that counts, and how it came about. */
export interface EffectiveConfiguration {
  readonly values: Configuration;
  readonly tls: TlsFiles;
  readonly origins: Readonly<Record<SettingName, Origin>>;
  /** The YAML file, when there is one. */
  readonly file: string | undefined;
  /** Names that nobody reads, settings without effect. */
  readonly warnings: readonly string[];
}

/**
 * Reads the configuration: environment over YAML file over defaults. A variable that is empty counts as not set,
 * as in Hatchet's services.
 *
 * @param directory where `server.yaml` is looked for when `SERVER_CONFIG_FILE` names no file
 * @throws ServerTelemetryConfigError with every problem at once
 */
export function readConfiguration(env: Environment, directory = '.'): EffectiveConfiguration {
  const problems: ConfigurationProblem[] = [];
  const found = readConfigFile({ named: env[CONFIG_FILE_VARIABLE] || undefined, directory });
  if (found !== undefined && 'problem' in found) problems.push(found.problem);
  const file = found !== undefined && 'entries' in found ? found : undefined;

  const values: Partial<Record<SettingName, unknown>> = {};
  const written = {} as Record<SettingName, Written>;
  for (const [name, row] of Object.entries(SETTINGS) as [SettingName, Setting<unknown>][]) {
    const source = writtenFor(row, env, file);
    written[name] = source;
    const result = source.unreadable ? undefined : row.schema.safeParse(source.text);
    if (result?.success) {
      values[name] = result.data;
      continue;
    }
    const issue = result?.error.issues[0];
    const better = issue?.code === 'custom' ? issue.params?.expected : undefined;
    problems.push(problemOf(row, source, typeof better === 'string' ? better : row.expected));
  }

  const { files: tls, complaints } = readTlsFiles(values as Configuration);
  for (const [name, expected] of complaints) problems.push(problemOf(SETTINGS[name], written[name], expected));
  const { collectorAuth, collectorAuthFile } = values as Configuration;
  const authFile = collectorAuthFile === undefined ? undefined : readAuthFile(collectorAuthFile);
  const authProblem =
    collectorAuth && collectorAuthFile !== undefined
      ? `nothing, or ${written.collectorAuth.origin.name} to be empty: only one of the two can say what to send`
      : authFile !== undefined && 'problem' in authFile && authFile.problem;
  if (authProblem) problems.push(problemOf(SETTINGS.collectorAuthFile, written.collectorAuthFile, authProblem));

  if (problems.length > 0) throw new ServerTelemetryConfigError(problems);
  const origins = Object.fromEntries(Object.entries(written).map(([name, { origin }]) => [name, origin]));
  return {
    values: values as Configuration,
    tls,
    origins: origins as Record<SettingName, Origin>,
    file: file?.path,
    warnings: [...unknownNames(env, file), ...withoutEffect(values as Configuration, written)],
  };
}

/** What somebody wrote for a setting. */
interface Written {
  readonly origin: Origin;
  readonly file?: string;
  readonly text: string | undefined;
  /** A list or a mapping stands where one value should. */
  readonly unreadable?: true;
}

function writtenFor({ variable, yaml }: Setting<unknown>, env: Environment, file: ConfigFile | undefined): Written {
  const text = env[variable];
  if (text !== undefined && text !== '') return { origin: { from: 'environment', name: variable }, text };
  const entry = yaml === undefined ? undefined : file?.entries.get(yaml.toLowerCase());
  if (file === undefined || entry === undefined)
    return { origin: { from: 'default', name: variable }, text: undefined };
  const inFile = { origin: { from: 'file', name: entry.name }, file: file.path, text: entry.text } as const;
  return entry.text === undefined ? { ...inFile, unreadable: true } : inFile;
}

function problemOf(row: Setting<unknown>, { origin, file, text, unreadable }: Written, expected: string) {
  const value = row.secret ? '(hidden)' : unreadable ? '(several values)' : masked(text ?? '');
  return { source: origin.name, ...(file !== undefined && { file }), value, expected };
}

/** TLS settings of a plaintext connection: probably one of the two is a mistake. */
function withoutEffect(configuration: Configuration, written: Record<SettingName, Written>): string[] {
  if (!configuration.insecure) return [];
  const tls = ['tlsRootCaFile', 'tlsCertFile', 'tlsKeyFile', 'tlsServerName'] as const;
  return tls
    .filter((name) => configuration[name] !== undefined)
    .map((name) => `${written[name].origin.name} has no effect: ${written.insecure.origin.name} is true`);
}
