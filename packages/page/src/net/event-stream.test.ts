import { expect, test } from 'vitest';
import { EventParser, type StreamEvent } from './event-stream.ts';

const STREAM =
  'id: 7\nevent: run\ndata: {"a":1}\n\n: heartbeat\n\ndata: one\ndata:two\r\n\r\nevent: nothing\n\ndata\n\n';
const EVENTS: StreamEvent[] = [
  { type: 'run', data: '{"a":1}', id: '7' },
  { type: 'message', data: 'one\ntwo', id: '7' },
  { type: 'message', data: '', id: '7' },
];

test('events are read, comments and events without data are not', () => {
  expect(new EventParser().push(STREAM)).toEqual(EVENTS);
});

test('it makes no difference where the text is cut', () => {
  for (let length = 1; length < 9; length++) {
    const parser = new EventParser();
    const parts = STREAM.match(new RegExp(`[^]{1,${length}}`, 'g'))!;
    expect(parts.flatMap((part) => parser.push(part))).toEqual(EVENTS);
  }
});
