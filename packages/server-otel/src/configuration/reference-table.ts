import { CONFIG_FILE_VARIABLE } from './config-file.ts';
import { SETTINGS } from './settings.ts';

/** The reference of all settings as a Markdown table, made from the table that the code reads. */
export function referenceTable(): string {
  const rows = Object.values(SETTINGS).map(({ variable, yaml, default: initial, description }) => [
    `\`${variable}\``,
    yaml === undefined ? '' : `\`${yaml}\``,
    initial === '(empty)' ? '' : `\`${initial}\``,
    description,
  ]);
  return table([
    ['variable', 'YAML key', 'default', 'meaning'],
    [
      `\`${CONFIG_FILE_VARIABLE}\``,
      '',
      '`server.yaml`',
      'YAML file with these settings, or the directory that it is in',
    ],
    ...rows,
  ]);
}

/** `text` with everything between the marks replaced by the table. */
export function withReferenceTable(text: string): string {
  const begin = text.indexOf(BEGIN);
  const end = text.indexOf(END);
  if (begin < 0 || end < begin) throw new Error(`The marks ${BEGIN} and ${END} are missing`);
  return `${text.slice(0, begin + BEGIN.length)}\n\n${referenceTable()}\n\n${text.slice(end)}`;
}

const BEGIN = '<!-- settings: made by `pnpm run docs` -->';
const END = '<!-- end of settings -->';

function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => [...(row[column] ?? '')].length)));
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  const padded = (row: readonly string[]) =>
    row.map((cell, column) => cell + ' '.repeat((widths[column] ?? 0) - [...cell].length));
  const [head = [], ...body] = rows;
  return [
    line(padded(head)),
    line(widths.map((width) => '-'.repeat(width))),
    ...body.map((row) => line(padded(row))),
  ].join('\n');
}
