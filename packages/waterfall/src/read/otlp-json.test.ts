import { expect, test } from 'vitest';
import { spansFromOtlpJson } from './otlp-json.ts';

const BATCH = {
  resourceSpans: [
    {
      resource: { attributes: [{ key: 'service.name', value: { stringValue: 'order-worker' } }] },
      scopeSpans: [
        {
          scope: { name: 'shop' },
          spans: [
            {
              traceId: '5B8EFFF798038103D269B633813FC60C',
              spanId: 'EEE19B7EC3C1B174',
              parentSpanId: '',
              name: 'charge',
              kind: 5,
              startTimeUnixNano: '1544712660000000001',
              endTimeUnixNano: '1544712661000000002',
              attributes: [
                { key: 'text', value: { stringValue: '' } },
                { key: 'yes', value: { boolValue: false } },
                { key: 'count', value: { intValue: '0' } },
                { key: 'huge', value: { intValue: '9223372036854775807' } },
                { key: 'ratio', value: { doubleValue: 0.5 } },
                { key: 'list', value: { arrayValue: { values: [{ stringValue: 'a' }, { intValue: '2' }] } } },
                { key: 'map', value: { kvlistValue: { values: [{ key: 'k', value: { intValue: '1' } }] } } },
                { key: 'none', value: {} },
              ],
              events: [{ name: 'exception', timeUnixNano: '1544712660500000000', attributes: [] }],
              links: [{ traceId: '5b8efff798038103d269b633813fc60c', spanId: 'eee19b7ec3c1b173' }],
              status: { code: 2, message: 'card declined' },
            },
          ],
        },
      ],
    },
  ],
};

test('reads spans from a line of the file exporter', () => {
  expect(spansFromOtlpJson(`${JSON.stringify(BATCH)}\n`)).toEqual([
    {
      traceId: '5b8efff798038103d269b633813fc60c',
      spanId: 'eee19b7ec3c1b174',
      parentSpanId: undefined,
      name: 'charge',
      kind: 'CONSUMER',
      serviceName: 'order-worker',
      startTimeUnixNano: 1544712660000000001n,
      endTimeUnixNano: 1544712661000000002n,
      status: 'ERROR',
      statusMessage: 'card declined',
      attributes: {
        text: '',
        yes: false,
        count: 0,
        huge: '9223372036854775807',
        ratio: 0.5,
        list: ['a', 2],
        map: '{"k":1}',
        none: '',
      },
      events: [{ name: 'exception', timeUnixNano: 1544712660500000000n, attributes: {} }],
      links: [{ traceId: '5b8efff798038103d269b633813fc60c', spanId: 'eee19b7ec3c1b173', attributes: {} }],
    },
  ]);
});

test('reads base64 ids, enum names and a missing service name', () => {
  const span = {
    traceId: 'W47/95gDgQPSabYzgT/GDA==',
    spanId: '7uGbfsPBsXQ=',
    parentSpanId: 'AAAAAAAAAAA=',
    kind: 'SPAN_KIND_SERVER',
    status: { code: 'STATUS_CODE_OK' },
  };
  expect(spansFromOtlpJson(JSON.stringify({ resourceSpans: [{ scopeSpans: [{ spans: [span] }] }] }))).toMatchObject([
    {
      traceId: '5b8efff798038103d269b633813fc60c',
      spanId: 'eee19b7ec3c1b174',
      parentSpanId: undefined,
      kind: 'SERVER',
      serviceName: 'unknown_service',
      status: 'OK',
    },
  ]);
});

test('skips an incomplete last line, but rejects a broken line before it', () => {
  const line = JSON.stringify(BATCH);
  expect(spansFromOtlpJson(`${line}\n${line.slice(0, 99)}`)).toHaveLength(1);
  expect(() => spansFromOtlpJson(`${line}\n${line.slice(0, 99)}\n${line}`)).toThrow(/line 2 is not valid OTLP JSON/);
});

test('finds no spans in lines of other signals and in empty lines', () => {
  expect(spansFromOtlpJson('\n{"resourceMetrics":[]}\n\n{"resourceSpans":[{}]}')).toEqual([]);
});
