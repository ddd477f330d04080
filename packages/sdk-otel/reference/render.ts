import { SpanKind } from '@opentelemetry/api';
import { ATTRIBUTES, type HatchetAttribute } from '../src/attributes.ts';
import { EXCLUDED_ATTRIBUTES_VARIABLE } from '../src/excluded-attributes.ts';
import { METRICS } from '../src/metrics.ts';
import { OPTION_VARIABLES, PREFIX } from '../src/registering/environment.ts';
import { type HatchetOperation, SPANS } from '../src/spans.ts';
import { ATTRIBUTE_NOTES, SEMANTIC_CONVENTIONS, SPAN_TIMES } from './descriptions.ts';
import { type Option, optionsOf } from './options.ts';

/** REFERENCE.md, from the tables that the code runs on. */
export function renderReference(): string {
  return [
    '# Reference of @hatchet-ts/sdk-otel',
    'Written from the tables of the code; a test compares the two.',
    '## Spans',
    table(['span', 'kind', 'operation name / type', 'from', 'until'], spanRows()),
    'A call that sends many messages is a CLIENT when its items have spans of their own, which then are its children; an item says `create`.',
    '## Attributes',
    'Every key has the prefix `hatchet.`. What is undefined, null or empty is left out; zero and false are values.',
    table(['key', 'type', 'on', ''], attributeRows()),
    'Besides, from the semantic conventions:',
    table(
      ['key', 'value'],
      SEMANTIC_CONVENTIONS.map(([key, note]) => [code(key), note]),
    ),
    '## Metrics',
    table(['metric', 'type', 'unit', '', 'attributes', 'buckets'], metricRows()),
    '## Options',
    '`new HatchetInstrumentor(options)`:',
    optionTable([...instrumentorOptions()]),
    '`createHatchetSpanProcessor(options)` of `@hatchet-ts/sdk-otel/exporter`:',
    optionTable(optionsOf('exporter.ts', 'HatchetSpanProcessorOptions')),
    '## Environment',
    'Every instrumentor reads the first two, as the SDK does; `@hatchet-ts/sdk-otel/register` reads all of them, and `OTEL_*` as the OpenTelemetry SDK does.',
    table(['variable', 'option'], environmentRows()),
    '',
  ]
    .join('\n\n')
    .trimEnd()
    .concat('\n');
}

function spanRows(): string[][] {
  return entries(SPANS).map(([operation, { name, kind, operationName, operationType }]) => [
    code(name),
    SpanKind[kind]!,
    [operationName ?? '–', operationType ?? '–'].join(' / '),
    ...SPAN_TIMES[operation as HatchetOperation],
  ]);
}

function attributeRows(): string[][] {
  return entries(ATTRIBUTES).map(([name, { key, type, on }]) => [
    code(key),
    type === 'list' ? 'string[]' : type,
    on.map(code).join(', '),
    ATTRIBUTE_NOTES[name as HatchetAttribute],
  ]);
}

function metricRows(): string[][] {
  return entries(METRICS).map(([name, { type, unit, description, attributes, buckets }]) => [
    code(name),
    type,
    code(unit),
    description,
    attributes.map(code).join(', '),
    buckets?.join(', ') ?? '',
  ]);
}

function* instrumentorOptions(): Generator<Option> {
  for (const option of optionsOf('settings.ts', 'HatchetInstrumentorConfig')) {
    if (option.name !== 'capture') yield option;
    else for (const part of optionsOf('capture.ts', 'CaptureOptions')) yield { ...part, name: `capture.${part.name}` };
  }
}

function environmentRows(): string[][] {
  return [
    [EXCLUDED_ATTRIBUTES_VARIABLE, 'excludedAttributes', 'names with commas between them, or a JSON list'],
    [`${PREFIX}INCLUDE_TASK_NAME_IN_SPAN_NAME`, 'includeTaskNameInSpanName', '`true`'],
    ...OPTION_VARIABLES.map(({ name, option, type }) => [`${PREFIX}${name}`, option, TYPES[type]]),
  ].map(([variable, option, value]) => [code(variable!), `${code(option!)}: ${value}`]);
}

const TYPES = {
  boolean: '`true` or `false`',
  integer: 'a whole number',
  relation: '`auto`, `parent` or `link`',
} as const;

function optionTable(options: readonly Option[]): string {
  const rows = options.map(({ name, type, text, defaultValue }) => [
    code(name),
    code(type),
    defaultValue === undefined ? '–' : defaultText(defaultValue),
    text,
  ]);
  return table(['option', 'type', 'default', ''], rows);
}

// a value, not a sentence
function defaultText(text: string): string {
  return / /.test(text) && !/[[('{]/.test(text) ? text : code(text);
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

function code(text: string): string {
  return `\`${text}\``;
}

function entries<T>(table: Readonly<Record<string, T>>): [string, T][] {
  return Object.entries(table);
}
