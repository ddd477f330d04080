import { type ConfigurationProblem, maskCredentials } from './configuration-error.ts';
import type { ConfigurationFile } from './configuration-file.ts';
import type { Setting } from './settings.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** Source of a value. */
export interface Origin {
  readonly from: 'environment' | 'file' | 'default';
  /** The variable (or its other spelling) or the path of the YAML key. */
  readonly name: string;
}

/** Text of a setting and its source. */
export interface Written {
  readonly origin: Origin;
  readonly file?: string;
  readonly text: string | undefined;
  /** A list or a mapping stands where one value should. */
  readonly unreadable?: true;
}

/** Finds the text of a setting: environment over file over default. An empty variable counts as not set. */
export function writtenFor(
  { variable, alias, yaml }: Setting<unknown>,
  env: Environment,
  file: ConfigurationFile | undefined,
): Written {
  for (const name of [variable, alias]) {
    const text = name && env[name];
    if (text) return { origin: { from: 'environment', name }, text };
  }
  const entry = yaml === undefined ? undefined : file?.entries.get(yaml.toLowerCase());
  if (file === undefined || entry === undefined)
    return { origin: { from: 'default', name: variable }, text: undefined };
  const inFile = { origin: { from: 'file', name: entry.name }, file: file.path, text: entry.text } as const;
  return entry.text === undefined ? { ...inFile, unreadable: true } : inFile;
}

/** Describes an invalid value, without a secret. */
export function problemOf(
  row: Setting<unknown>,
  { origin, file, text, unreadable }: Written,
  expected: string,
): ConfigurationProblem {
  const value = row.secret ? '(hidden)' : unreadable ? '(several values)' : maskCredentials(text ?? '');
  return { source: origin.name, ...(file !== undefined && { file }), value, expected };
}
