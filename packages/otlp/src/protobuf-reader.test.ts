import { expect, it } from 'vitest';
import { bytesFields, numberField } from './protobuf-reader.ts';

it('reads the fields of a message', () => {
  const message = Buffer.from([0x08, 0x96, 0x01, 0x12, 0x02, 0x68, 0x69, 0x08, 0x05]);
  expect(numberField(message, 1)).toBe(5);
  expect(bytesFields(message, 2).map(String)).toEqual(['hi']);
});

it.each([
  ['a varint of more than 10 bytes', Buffer.alloc(1_000_000, 0x80)],
  ['a field longer than its message', Buffer.from([0x12, 0x05, 0x68])],
  ['an unknown wire type', Buffer.from([0x0b])],
])('rejects %s', (_name, message) => {
  expect(() => bytesFields(message, 2)).toThrow(RangeError);
});
