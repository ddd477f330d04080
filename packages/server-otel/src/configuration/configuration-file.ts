import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Document, LineCounter, parseAllDocuments } from 'yaml';
import type { ConfigurationProblem } from './configuration-error.ts';
import { fileErrorReason } from './credential-files.ts';

/** Settings of a YAML file, below `otel:`. */
export interface ConfigurationFile {
  readonly path: string;
  /** By dotted path in lower case: Hatchet's own reader treats `collectorURL` and `collectorUrl` alike. */
  readonly entries: ReadonlyMap<string, FileEntry>;
}

export interface FileEntry {
  /** The path as written. */
  readonly name: string;
  /** Undefined if the value is a list or a mapping. */
  readonly text: string | undefined;
  readonly hasKeys?: true;
}

export interface ConfigurationFileSearch {
  /** `SERVER_CONFIG_FILE`: the file or its directory. Must exist. */
  readonly named: string | undefined;
  /** Directory of `server.yaml` if no file is named; by default the working directory, as for Hatchet's commands. */
  readonly directory: string;
}

/** Reads the configuration file, if it exists. */
export function readConfigurationFile(
  search: ConfigurationFileSearch,
): ConfigurationFile | { readonly problem: ConfigurationProblem } | undefined {
  const { named, directory } = search;
  const path = named === undefined ? join(directory, FILE_NAME) : fileIn(named);
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (named === undefined && isMissing(error)) return undefined;
    const expected = `a readable YAML file (${fileErrorReason(error)})`;
    return { problem: { source: CONFIG_FILE_VARIABLE, value: path, expected } };
  }
  return parse(path, text);
}

export const CONFIG_FILE_VARIABLE = 'SERVER_CONFIG_FILE';
const FILE_NAME = 'server.yaml';
const SECTION = 'otel';

function parse(path: string, text: string): ConfigurationFile | { readonly problem: ConfigurationProblem } {
  try {
    return { path, entries: entriesOf(read(text)) };
  } catch (error) {
    if (error instanceof InvalidFile) return { problem: { ...error.problem, file: path } };
    throw error;
  }
}

class InvalidFile extends Error {
  readonly problem: Omit<ConfigurationProblem, 'file'>;

  constructor(source: string, value: string, expected: string) {
    super(expected);
    this.problem = { source, value, expected };
  }
}

/**
 * Returns the first document as maps, lists, texts and nulls, with aliases and merge keys resolved like in Hatchet's own
 * reader (viper on go-yaml). Texts are as written, for example `0.10` or `007`.
 */
function read(text: string): unknown {
  const lines = new LineCounter();
  const [document] = parseAllDocuments(text, {
    schema: 'failsafe',
    customTags: ['null', 'merge'],
    // Pretty errors quote the surrounding lines, which may contain a token.
    prettyErrors: false,
    lineCounter: lines,
    logLevel: 'silent',
  }) as Document[];
  const [error] = document?.errors ?? [];
  if (error !== undefined) {
    const { line, col } = lines.linePos(error.pos[0]);
    throw unreadable(`error at line ${line}, column ${col} (${error.code})`);
  }
  try {
    // Aliases are not counted: only the operator writes this file.
    return document?.toJS({ mapAsMap: true, maxAliasCount: -1 });
  } catch (thrown) {
    // The library's message may quote a token that begins with `*`.
    throw unreadable(
      thrown instanceof ReferenceError
        ? 'an alias (*name) has no anchor (&name) before it; write a value that begins with * in quotes'
        : 'a merge key (<<) needs a mapping or an alias of one',
    );
  }
}

function unreadable(reason: string): InvalidFile {
  return new InvalidFile(SECTION, '(unreadable)', `valid YAML: ${reason}`);
}

function entriesOf(root: unknown): Map<string, FileEntry> {
  const entries = new Map<string, FileEntry>();
  if (root === null || root === undefined) return entries;
  if (!(root instanceof Map)) throw new InvalidFile(SECTION, '(not a mapping)', `a mapping, for example ${EXAMPLE}`);
  for (const [key, value] of root) {
    const isSection = String(key).toLowerCase() === SECTION;
    if (isSection && !isEmpty(value) && !(value instanceof Map)) {
      throw new InvalidFile(SECTION, '(not a mapping)', `a mapping, for example ${EXAMPLE}`);
    }
    // Like viper, `otel.serviceName: engine` is the same as `serviceName: engine` below `otel:`.
    if (isSection || String(key).toLowerCase().startsWith(`${SECTION}.`))
      collect(value, String(key), entries, new Set());
  }
  return entries;
}

function collect(value: unknown, name: string, entries: Map<string, FileEntry>, parents: ReadonlySet<unknown>): void {
  if (isEmpty(value)) return;
  if (parents.has(value)) throw unreadable(`the anchor at ${name} contains itself`);
  const path = name.toLowerCase();
  const other = entries.get(path);
  if (other !== undefined) {
    throw new InvalidFile(name, '(repeated)', `one key for this setting; ${other.name} is the same`);
  }
  if (!(value instanceof Map)) {
    entries.set(path, { name, text: typeof value === 'string' ? value : undefined });
    return;
  }
  entries.set(path, { name, text: undefined, hasKeys: true });
  const ancestors = new Set([...parents, value]);
  for (const [key, child] of value) collect(child, `${name}.${String(key)}`, entries, ancestors);
}

const EXAMPLE = 'otel: {collectorURL: collector:4317}';

/** Treats `key:` without a value as not set, like an empty variable. */
function isEmpty(value: unknown): boolean {
  return value === null || value === undefined || value === '';
}

function fileIn(named: string): string {
  return statSync(named, { throwIfNoEntry: false })?.isDirectory() ? join(named, FILE_NAME) : named;
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR');
}

/**
 * Returns the directory after `--config` on a command line, where Hatchet's own commands look for `server.yaml`;
 * undefined without that option. Ignores other arguments.
 */
export function configDirectoryOf(args: readonly string[] = process.argv.slice(2)): string | undefined {
  const { values } = parseArgs({ args: [...args], options: { config: { type: 'string' } }, strict: false });
  return typeof values.config === 'string' && values.config !== '' ? values.config : undefined;
}
