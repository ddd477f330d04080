import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Option as documented in its declaration. */
export interface Option {
  readonly name: string;
  readonly type: string;
  readonly text: string;
  /** Undefined without a default. */
  readonly defaultValue: string | undefined;
}

/** Reads the options of an interface from its source: TSDoc, `@default`, and the options of nested objects. */
export function optionsOf(file: string, interfaceName: string): Option[] {
  const source = readFileSync(join(import.meta.dirname, '../src', file), 'utf8');
  const start = source.indexOf(`export interface ${interfaceName}`);
  if (start === -1) throw new Error(`${file} has no interface ${interfaceName}`);
  return members(source.slice(source.indexOf('{', start) + 1), '');
}

const MEMBER = /\/\*\*(?<doc>.*?)\*\/\s*readonly (?<name>\w+)\?: (?<type>[^;{]*)(?<end>[;{])|^\s*\};?/gms;

function members(text: string, prefix: string): Option[] {
  const options: Option[] = [];
  const within = [prefix];
  for (const { groups } of text.matchAll(MEMBER)) {
    if (!groups?.name) {
      within.pop();
      if (within.length === 0) break;
      continue;
    }
    const { doc = '', name, type = '', end } = groups;
    const [description = '', defaultValue] = plain(doc).split('@default');
    const path = `${within.at(-1)}${name}`;
    if (end === '{') within.push(`${path}.`);
    else options.push({ name: path, type: type.trim(), text: description.trim(), defaultValue: defaultValue?.trim() });
  }
  return options;
}

function plain(doc: string): string {
  return doc
    .split('\n')
    .map((line) => line.replace(/^\s*\*? ?/, '').trim())
    .filter((line) => line !== '')
    .join(' ');
}
