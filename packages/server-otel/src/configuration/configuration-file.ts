import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Document, isAlias, isMap, isScalar, LineCounter, parseDocument, type YAMLMap } from 'yaml';
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
  const lines = new LineCounter();
  // Pretty errors quote the surrounding lines, which may contain a token.
  const document = parseDocument(text, { prettyErrors: false, lineCounter: lines, logLevel: 'silent' });
  const [error] = document.errors;
  if (error !== undefined) {
    const { line, col } = lines.linePos(error.pos[0]);
    const expected = `valid YAML: error at line ${line}, column ${col} (${error.code})`;
    return { problem: { source: SECTION, file: path, value: '(unreadable)', expected } };
  }
  const entries = new Map<string, FileEntry>();
  const root = document.contents;
  if (isMap(root)) {
    for (const { key, value } of root.items) {
      if (String(key).toLowerCase() !== SECTION || isEmpty(value)) continue;
      if (!isMap(value)) {
        const problem = {
          source: SECTION,
          file: path,
          value: '(not a mapping)',
          expected: 'a mapping, for example collectorURL: collector:4317',
        };
        return { problem };
      }
      collect(document, value, SECTION, entries);
    }
  }
  return { path, entries };
}

function collect(document: Document, map: YAMLMap, prefix: string, entries: Map<string, FileEntry>): void {
  for (const item of map.items) {
    const name = `${prefix}.${String(item.key)}`;
    const value = isAlias(item.value) ? item.value.resolve(document) : item.value;
    if (isEmpty(value)) continue;
    const text = isScalar(value) ? textOf(value) : undefined;
    entries.set(name.toLowerCase(), isMap(value) ? { name, text, hasKeys: true } : { name, text });
    if (isMap(value)) collect(document, value, name, entries);
  }
}

/** Returns a value as written, for example `0.10` or `007`. */
function textOf(scalar: { value: unknown; source?: string | undefined }): string {
  return typeof scalar.value === 'string' ? scalar.value : (scalar.source ?? String(scalar.value));
}

/** Treats `key:` without a value as not set, like an empty variable. */
function isEmpty(node: unknown): boolean {
  return node === null || (isScalar(node) && (node.value === null || node.value === ''));
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
