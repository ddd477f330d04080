import { setTimeout as delay } from 'node:timers/promises';
import type pg from 'pg';

/**
 * Receives the payload of a notification; `undefined` says that the connection was lost and is back, so that
 * notifications may have been missed and the caller should look for itself.
 */
export type OnNotification = (payload: string | undefined) => void;

/** Subscribes to a channel; resolves, once PostgreSQL listens, to the function that ends the subscription. */
export type Listen = (channel: string, onNotification: OnNotification) => Promise<() => Promise<void>>;

const FIRST_RETRY_MS = 100;
const LONGEST_RETRY_MS = 5_000;

/** One connection for all channels, made at the first subscription and made again whenever it breaks. */
export function notificationListener(createClient: () => pg.Client): { listen: Listen; close(): Promise<void> } {
  const subscribers = new Map<string, Set<OnNotification>>();
  const closing = new AbortController();
  let connection: Promise<pg.Client> | undefined;

  async function connect(): Promise<pg.Client> {
    const client = createClient();
    client.on('error', () => {});
    client.on('notification', ({ channel, payload }) => tell(subscribers.get(channel), payload ?? ''));
    try {
      await client.connect();
      for (const channel of subscribers.keys()) await client.query(`LISTEN ${client.escapeIdentifier(channel)}`);
    } catch (error) {
      await client.end().catch(() => {});
      throw error;
    }
    client.on('end', () => {
      connection = undefined;
      if (!closing.signal.aborted && subscribers.size > 0) connection = reconnect();
    });
    return client;
  }

  async function reconnect(): Promise<pg.Client> {
    for (let wait = FIRST_RETRY_MS; ; wait = Math.min(wait * 2, LONGEST_RETRY_MS)) {
      await delay(wait, undefined, { signal: closing.signal });
      try {
        const client = await connect();
        for (const channel of subscribers.values()) tell(channel, undefined);
        return client;
      } catch {
        // the database is still away
      }
    }
  }

  /** The connection as it is now; a failed first attempt is the caller's error, and the next call tries again. */
  async function current(): Promise<pg.Client> {
    connection ??= connect();
    const attempt = connection;
    attempt.catch(() => {
      if (connection === attempt) connection = undefined;
    });
    return attempt;
  }

  return {
    async listen(channel, onNotification) {
      closing.signal.throwIfAborted();
      const channelSubscribers = subscribers.get(channel) ?? new Set();
      channelSubscribers.add(onNotification);
      subscribers.set(channel, channelSubscribers);
      const end = async () => {
        channelSubscribers.delete(onNotification);
        if (channelSubscribers.size > 0 || subscribers.get(channel) !== channelSubscribers) return;
        subscribers.delete(channel);
        const client = await connection?.catch(() => undefined);
        await client?.query(`UNLISTEN ${client.escapeIdentifier(channel)}`).catch(() => {});
      };
      try {
        const client = await current();
        await client.query(`LISTEN ${client.escapeIdentifier(channel)}`);
      } catch (error) {
        await end();
        throw error;
      }
      return end;
    },
    async close() {
      closing.abort();
      const client = await connection?.catch(() => undefined);
      await client?.end().catch(() => {});
    },
  };
}

function tell(subscribers: Set<OnNotification> | undefined, payload: string | undefined): void {
  for (const subscriber of subscribers ?? []) subscriber(payload);
}
