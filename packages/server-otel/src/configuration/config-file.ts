import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type Document, isAlias, isMap, isScalar, LineCounter, parseDocument, type YAMLMap } from 'yaml';
import type { ConfigurationProblem } from './config-error.ts';
import { reasonOf } from './file-reason.ts';

/** What a YAML file says below `otel:`. */
export interface ConfigFile {
  readonly path: string;
  /** By the dotted path in lower case: Hatchet's own reader does not tell `collectorURL` from `collectorUrl`. */
  readonly entries: ReadonlyMap<string, FileEntry>;
}

export interface FileEntry {
  /** The path as it is written. */
  readonly name: string;
  /** Absent when something else than one value stands there: a list, or keys below it. */
  readonly text: string | undefined;
  readonly hasKeys?: true;
}

export interface ConfigFileSearch {
  /** `SERVER_CONFIG_FILE`: the file, or the directory that it is in. Must be there. */
  readonly named: string | undefined;
  /** Where else `server.yaml` may be; as for Hatchet's commands the working directory, unless `--config` says. */
  readonly directory: string;
}

/** Reads the configuration file, if there is one. */
export function readConfigFile(
  search: ConfigFileSearch,
): ConfigFile | { readonly problem: ConfigurationProblem } | undefined {
  const { named, directory } = search;
  const path = named === undefined ? join(directory, FILE_NAME) : fileIn(named);
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (named === undefined && isMissing(error)) return undefined;
    const expected = `a YAML file that can be read (${reasonOf(error)})`;
    return { problem: { source: CONFIG_FILE_VARIABLE, value: path, expected } };
  }
  return parse(path, text);
}

export const CONFIG_FILE_VARIABLE = 'SERVER_CONFIG_FILE';
const FILE_NAME = 'server.yaml';
const SECTION = 'otel';

function parse(path: string, text: string): ConfigFile | { readonly problem: ConfigurationProblem } {
  const lines = new LineCounter();
  // Pretty errors quote the lines around, which may hold a token.
  const document = parseDocument(text, { prettyErrors: false, lineCounter: lines, logLevel: 'silent' });
  const [error] = document.errors;
  if (error !== undefined) {
    const { line, col } = lines.linePos(error.pos[0]);
    const expected = `valid YAML; line ${line}, column ${col} is not (${error.code})`;
    return { problem: { source: SECTION, file: path, value: '(not readable)', expected } };
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
          expected: 'keys below it, for example collectorURL: collector:4317',
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

/** `traceIdRatio: 0.10` and `serviceName: 007` stay as they were written. */
function textOf(scalar: { value: unknown; source?: string | undefined }): string {
  return typeof scalar.value === 'string' ? scalar.value : (scalar.source ?? String(scalar.value));
}

/** `key:` without a value counts as not set, like an empty variable. */
function isEmpty(node: unknown): boolean {
  return node === null || (isScalar(node) && (node.value === null || node.value === ''));
}

function fileIn(named: string): string {
  return statSync(named, { throwIfNoEntry: false })?.isDirectory() ? join(named, FILE_NAME) : named;
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR');
}
