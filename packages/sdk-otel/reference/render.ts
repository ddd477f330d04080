import { ERROR_LIMITS } from '@hatchet-ts/internal/thrown-value';
import { SpanKind } from '@opentelemetry/api';
import { EXCLUDED_ATTRIBUTES_VARIABLE } from '../src/configuration/excluded-attributes.ts';
import { OPTION_VARIABLES, PREFIX } from '../src/registration/environment.ts';
import { ATTRIBUTES, type HatchetAttribute } from '../src/tables/attributes.ts';
import { METRICS } from '../src/tables/metrics.ts';
import { type HatchetOperation, SPANS } from '../src/tables/spans.ts';
import { ATTRIBUTE_NOTES, SEMANTIC_CONVENTIONS, SPAN_TIMES } from './descriptions.ts';
import { type Option, optionsOf } from './options.ts';

/** Renders REFERENCE.md from the tables that the code uses. */
export function renderReference(): string {
  return [
    '# Reference of @hatchet-ts/sdk-otel',
    'Generated from the tables of the code; a test keeps the two in step.',
    '## Spans',
    table(['span', 'kind', 'operation name / type', 'from', 'until'], spanRows()),
    'A bulk call is a CLIENT if its items have spans of their own, which are its children; an item has the operation type `create`.',
    '## Attributes',
    'Every key has the prefix `hatchet.`. Undefined, null and empty values are left out; zero and false are kept.',
    table(['key', 'type', 'on', ''], attributeRows()),
    `A recorded error has its message as the status, and the exception with \`exception.stacktrace\`: the error, its causes and the members of an \`AggregateError\`, as Node.js prints them, without other properties. Control characters are replaced. Limits in characters: type ${ERROR_LIMITS.type}, message ${ERROR_LIMITS.message}, stack ${ERROR_LIMITS.stack}; in a stack ${ERROR_LIMITS.errors} errors, ${ERROR_LIMITS.depth} levels.`,
    'Attributes of the semantic conventions:',
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
    'Every instrumentor reads the first two variables, like the SDK. `@hatchet-ts/sdk-otel/register` reads all of them, and `OTEL_*` like the OpenTelemetry SDK.',
    table(['variable', 'option'], environmentRows()),
    SDK_VARIABLES,
    '',
  ]
    .join('\n\n')
    .trimEnd()
    .concat('\n');
}

const SDK_VARIABLES = [
  'Of the `OTEL_*` variables, `/register` reads two with further values:',
  '- `OTEL_TRACES_EXPORTER=hatchet` sends to the engine’s own receiver.\n- `OTEL_TRACES_SAMPLER=hatchet_traceidratio` with the ratio as `OTEL_TRACES_SAMPLER_ARG` keeps the traces that Hatchet’s services keep at the same `SERVER_OTEL_TRACE_ID_RATIO`. Use it if services and workers export to the same place: OpenTelemetry’s `traceidratio` chooses other traces, so that at a ratio of 0.25 one in four kept traces is whole.',
  'The resource has a `service.instance.id` and the detectors of `OTEL_NODE_RESOURCE_DETECTORS`, by default `env,host,process`, without the command line of the process.',
].join('\n\n');

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
  for (const option of optionsOf('configuration/settings.ts', 'HatchetInstrumentorConfig')) {
    if (option.name !== 'capture') yield option;
    else
      for (const part of optionsOf('configuration/capture.ts', 'CaptureOptions'))
        yield { ...part, name: `capture.${part.name}` };
  }
}

function environmentRows(): string[][] {
  return [
    [EXCLUDED_ATTRIBUTES_VARIABLE, 'excludedAttributes', 'comma-separated names, or a JSON list'],
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

// code style for a value, not for a sentence
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
