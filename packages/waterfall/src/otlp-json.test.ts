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

test('a line of the file exporter becomes spans', () => {
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

test('ids in base64, enums as names and no service name are read too', () => {
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

test('a last line that is still being written is left out, a broken line before it is an error', () => {
  const line = JSON.stringify(BATCH);
  expect(spansFromOtlpJson(`${line}\n${line.slice(0, 99)}`)).toHaveLength(1);
  expect(() => spansFromOtlpJson(`${line}\n${line.slice(0, 99)}\n${line}`)).toThrow(/line 2 is no OTLP JSON/);
});

test('lines of other signals and empty lines hold no spans', () => {
  expect(spansFromOtlpJson('\n{"resourceMetrics":[]}\n\n{"resourceSpans":[{}]}')).toEqual([]);
});
