import { describe, expect, test } from 'vitest';
import { readCarrier } from '../context/carrier.ts';
import { setUpClient } from '../testing/client.ts';
import { ids } from '../testing/recorder.ts';

const { engine, recorder, instrumentor } = await setUpClient();

describe('a pushed event', () => {
  test('is a producer and carries its context', async () => {
    const event = await engine.client.events.push(
      'order:paid',
      { id: 7 },
      { additionalMetadata: { team: 'a' }, scope: 's', priority: 2 },
    );
    expect(recorder.picture()).toBe('hatchet.push_event order:paid · test · PRODUCER');
    const [span] = recorder.take();
    expect(span?.attributes).toEqual({
      instrumentor: 'hatchet',
      'hatchet.event_key': 'order:paid',
      'hatchet.scope': 's',
      'hatchet.priority': 2,
      'hatchet.event_id': event.eventId,
      'messaging.system': 'hatchet',
      'messaging.operation.name': 'push',
      'messaging.operation.type': 'send',
      'messaging.destination.name': 'order:paid',
      'messaging.message.id': event.eventId,
    });
    expect(engine.metadata).toEqual([{ team: 'a', traceparent: `00-${ids(span!.spanContext())}-01` }]);
  });

  test('that the engine refuses is an error with the rejection of the SDK', async () => {
    engine.failing.add('push');
    await expect(engine.client.events.push('order:paid', {})).rejects.toThrow('no push today');
    expect(recorder.take()[0]?.attributes['error.type']).toBe('HatchetError');
  });

  test('that cannot be serialized throws synchronously, as without an instrumentor', () => {
    expect(() => engine.client.events.push('order:paid', 1n)).toThrow('BigInt');
    expect(recorder.take()[0]?.attributes['error.type']).toBe('TypeError');
  });
});

describe('a bulk push', () => {
  const inputs = [{ payload: 1, additionalMetadata: { own: 'x' } }, { payload: 2 }, { payload: 3, scope: 'item' }];
  const options = { additionalMetadata: { shared: 'y' }, scope: 'call' };

  test('has a span and a context for each event, and applies shared metadata like the SDK', async () => {
    instrumentor.disable();
    await engine.client.events.bulkPush('e', inputs, options);
    const untraced = engine.metadata.splice(0);
    instrumentor.enable();
    const before = structuredClone({ inputs, options });
    const { events } = await engine.client.events.bulkPush('e', inputs, options);
    expect({ inputs, options }).toEqual(before);

    expect(recorder.picture()).toBe(
      [
        'hatchet.bulk_push_event e · test · CLIENT',
        '├─ hatchet.push_event e · test · PRODUCER',
        '├─ hatchet.push_event e · test · PRODUCER',
        '└─ hatchet.push_event e · test · PRODUCER',
      ].join('\n'),
    );
    const items = recorder.named('hatchet.push_event');
    expect(engine.metadata.map((metadata) => ids(readCarrier(metadata)!))).toEqual(
      items.map((item) => ids(item.spanContext())),
    );
    const withoutContext = engine.metadata.map((metadata) => {
      const { traceparent: _, ...rest } = metadata ?? {};
      return rest;
    });
    expect(withoutContext).toEqual(untraced);
    expect(items.map((item) => [item.attributes['hatchet.event_id'], item.attributes['hatchet.scope']])).toEqual([
      [events[0]?.eventId, 'call'],
      [events[1]?.eventId, 'call'],
      [events[2]?.eventId, 'item'],
    ]);
    expect(recorder.named('hatchet.bulk_push_event')[0]?.attributes).toMatchObject({
      'hatchet.num_events': 3,
      'hatchet.unique_event_keys': ['e'],
      'messaging.batch.message_count': 3,
    });
  });

  test('that the engine refuses marks every event as failed', async () => {
    engine.failing.add('push');
    await expect(engine.client.events.bulkPush('e', inputs)).rejects.toThrow('no push today');
    expect(recorder.take().map((span) => span.attributes['error.type'])).toEqual(Array(4).fill('HatchetError'));
  });
});
