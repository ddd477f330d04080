import { type ConfigurationProblem, describeProblem, ServerTelemetryConfigError } from './configuration-error.ts';
import { CONFIG_FILE_VARIABLE, readConfigurationFile } from './configuration-file.ts';
import {
  hatchetBooleanWarnings,
  ineffectiveTlsWarnings,
  proxyWarnings,
  unknownNameWarnings,
} from './configuration-warnings.ts';
import { readAuthFile, readTlsFiles, type TlsFiles } from './credential-files.ts';
import { type Configuration, SETTINGS, type Setting, type SettingName } from './settings.ts';
import { type Environment, type Origin, problemOf, type Written, writtenFor } from './written-value.ts';

/** The effective configuration and the sources of its values. */
export interface EffectiveConfiguration {
  readonly values: Configuration;
  readonly tls: TlsFiles;
  readonly origins: Readonly<Record<SettingName, Origin>>;
  /** The YAML file, if there is one. */
  readonly file: string | undefined;
  /** Warnings of unknown names, of ignored values and of settings without effect. */
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
  const ignored: string[] = [];
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
    const problem = problemOf(row, source, typeof better === 'string' ? better : row.expected);
    if (isOwn(row)) {
      problems.push(problem);
      continue;
    }
    ignored.push(`${describeProblem(problem)}; ignoring it`);
    written[name] = { origin: { from: 'default', name: row.variable }, text: undefined };
    values[name] = row.schema.parse(undefined);
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

  const warnings = [
    ...ignored,
    ...unknownNameWarnings(env, file),
    ...hatchetBooleanWarnings(written),
    ...proxyWarnings(values as Partial<Configuration>, written.httpsProxy.origin.name),
    ...ineffectiveTlsWarnings(values as Partial<Configuration>, (name) => written[name].origin.name),
  ];
  if (problems.length > 0) throw new ServerTelemetryConfigError(problems, warnings);
  const origins = Object.fromEntries(Object.entries(written).map(([name, { origin }]) => [name, origin]));
  return {
    values: values as Configuration,
    tls,
    origins: origins as Record<SettingName, Origin>,
    file: file?.path,
    warnings,
  };
}

/** Only our own variables are strict. OpenTelemetry's specification demands that a malformed `OTEL_*` value is ignored. */
function isOwn({ variable }: Setting<unknown>): boolean {
  return variable.startsWith('SERVER_');
}
