import { baggageEntryMetadataFromString, propagation, ROOT_CONTEXT } from '@opentelemetry/api';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatBaggage, withBaggage } from './baggage.ts';

const read = (text: unknown) => formatBaggage(propagation.getBaggage(withBaggage(ROOT_CONTEXT, text)));

test('entries and their properties are preserved', () => {
  expect(read('tenant=a%20b;ttl=3,plan=gold')).toBe('tenant=a%20b;ttl=3,plan=gold');
});

test('invalid members are ignored one by one', () => {
  expect(read('two suitcases')).toBeUndefined();
  expect(read(42)).toBeUndefined();
  expect(read('a=%zz,b=2,=3')).toBe('b=2');
});

test('an entry that cannot be encoded is left out, and the others are sent', () => {
  const baggage = propagation.createBaggage({
    half: { value: 'a\ud800' },
    '\udc00': { value: 'key' },
    throwing: { value: '1', metadata: { ...baggageEntryMetadataFromString(''), toString: fail } },
    whole: { value: '2' },
  });
  expect(formatBaggage(baggage)).toBe('whole=2');
});

test('baggage that throws when read is not sent', () => {
  expect(formatBaggage({ ...propagation.createBaggage(), getAllEntries: fail })).toBeUndefined();
});

test.each(['ttl=3,admin=true', 'a\r\nb', 'ä'])(
  'properties that would change other entries are left out: %j',
  (properties) => {
    const metadata = baggageEntryMetadataFromString(properties);
    const baggage = propagation.createBaggage({ tenant: { value: 'a', metadata }, plan: { value: 'gold' } });
    expect(formatBaggage(baggage)).toBe('tenant=a,plan=gold');
  },
);

const fail = () => {
  throw new Error('mine');
};

test('any keys and values make the round trip', () => {
  const key = fc.stringMatching(/^[a-z][a-z0-9_-]{0,9}$/);
  fc.assert(
    fc.property(fc.dictionary(key, fc.string({ unit: 'grapheme', maxLength: 20 }), { maxKeys: 5 }), (entries) => {
      const baggage = propagation.createBaggage(
        Object.fromEntries(Object.entries(entries).map(([name, value]) => [name, { value }])),
      );
      const back = propagation.getBaggage(withBaggage(ROOT_CONTEXT, formatBaggage(baggage)));
      expect(back?.getAllEntries() ?? []).toEqual(baggage.getAllEntries());
    }),
  );
});

test('the text stays within the limits of W3C', () => {
  const entries = Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`key${i}`, { value: 'v'.repeat(100) }]));
  const text = formatBaggage(propagation.createBaggage({ ...entries, huge: { value: 'x'.repeat(5000) } }))!;
  expect(text.length).toBeLessThanOrEqual(8192);
  expect(text).toContain('key0=');
  expect(text).not.toContain('huge');
});
