import { type ConfigurationProblem, maskCredentials, ServerTelemetryConfigError } from './configuration-error.ts';
import { CONFIG_FILE_VARIABLE, type ConfigurationFile, readConfigurationFile } from './configuration-file.ts';
import { ineffectiveTlsWarnings, unknownNameWarnings } from './configuration-warnings.ts';
import { readAuthFile, readTlsFiles, type TlsFiles } from './credential-files.ts';
import { type Configuration, SETTINGS, type Setting, type SettingName } from './settings.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** Source of a value. */
export interface Origin {
  readonly from: 'environment' | 'file' | 'default';
  /** The variable or the path of the YAML key. */
  readonly name: string;
}

/** The effective configuration and the sources of its values. */
export interface EffectiveConfiguration {
  readonly values: Configuration;
  readonly tls: TlsFiles;
  readonly origins: Readonly<Record<SettingName, Origin>>;
  /** The YAML file, if there is one. */
  readonly file: string | undefined;
  /** Warnings of unknown names and of settings without effect. */
  readonly warnings: readonly string[];
}

/**
 * Reads the configuration: environment over YAML file over defaults. An empty variable counts as not set, as in
 * Hatchet's services.
 *
 * @param directory directory of `server.yaml` if `SERVER_CONFIG_FILE` names no file
 * @throws ServerTelemetryConfigError with all problems
 */
export function readConfiguration(env: Environment, directory = '.'): EffectiveConfiguration {
  const problems: ConfigurationProblem[] = [];
  const found = readConfigurationFile({ named: env[CONFIG_FILE_VARIABLE] || undefined, directory });
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

  const { files: tls, problems: tlsProblems } = readTlsFiles(values as Configuration);
  for (const [name, expected] of tlsProblems) problems.push(problemOf(SETTINGS[name], written[name], expected));
  const { collectorAuth, collectorAuthFile } = values as Configuration;
  const authFile = collectorAuthFile === undefined ? undefined : readAuthFile(collectorAuthFile);
  const authProblem =
    collectorAuth && collectorAuthFile !== undefined
      ? `no value here or none in ${written.collectorAuth.origin.name}: only one of the two can be set`
      : authFile !== undefined && 'problem' in authFile && authFile.problem;
  if (authProblem) problems.push(problemOf(SETTINGS.collectorAuthFile, written.collectorAuthFile, authProblem));

  if (problems.length > 0) throw new ServerTelemetryConfigError(problems);
  const origins = Object.fromEntries(Object.entries(written).map(([name, { origin }]) => [name, origin]));
  return {
    values: values as Configuration,
    tls,
    origins: origins as Record<SettingName, Origin>,
    file: file?.path,
    warnings: [
      ...unknownNameWarnings(env, file),
      ...ineffectiveTlsWarnings(values as Configuration, (name) => written[name].origin.name),
    ],
  };
}

/** Text of a setting and its source. */
interface Written {
  readonly origin: Origin;
  readonly file?: string;
  readonly text: string | undefined;
  /** A list or a mapping stands where one value should. */
  readonly unreadable?: true;
}

function writtenFor(
  { variable, yaml }: Setting<unknown>,
  env: Environment,
  file: ConfigurationFile | undefined,
): Written {
  const text = env[variable];
  if (text !== undefined && text !== '') return { origin: { from: 'environment', name: variable }, text };
  const entry = yaml === undefined ? undefined : file?.entries.get(yaml.toLowerCase());
  if (file === undefined || entry === undefined)
    return { origin: { from: 'default', name: variable }, text: undefined };
  const inFile = { origin: { from: 'file', name: entry.name }, file: file.path, text: entry.text } as const;
  return entry.text === undefined ? { ...inFile, unreadable: true } : inFile;
}

function problemOf(row: Setting<unknown>, { origin, file, text, unreadable }: Written, expected: string) {
  const value = row.secret ? '(hidden)' : unreadable ? '(several values)' : maskCredentials(text ?? '');
  return { source: origin.name, ...(file !== undefined && { file }), value, expected };
}
