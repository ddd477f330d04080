import { setTimeout as delay } from 'node:timers/promises';
import type pg from 'pg';

/**
 * Receives the payload of a notification. `undefined` means that the connection was lost and is back: the caller may
 * have missed notifications and should query the current state.
 */
export type OnNotification = (payload: string | undefined) => void;

const FIRST_RETRY_MS = 100;
const LONGEST_RETRY_MS = 5_000;

/** One connection for all channels. The first subscription opens it; it is reopened whenever it breaks. */
export class NotificationListener {
  readonly #createClient: () => pg.Client;
  readonly #subscribers = new Map<string, Set<OnNotification>>();
  readonly #closing = new AbortController();
  #connection: Promise<pg.Client> | undefined;

  constructor(createClient: () => pg.Client) {
    this.#createClient = createClient;
  }

  async listen(channel: string, onNotification: OnNotification): Promise<() => Promise<void>> {
    this.#closing.signal.throwIfAborted();
    const channelSubscribers = this.#subscribers.get(channel) ?? new Set();
    channelSubscribers.add(onNotification);
    this.#subscribers.set(channel, channelSubscribers);
    const end = async () => {
      channelSubscribers.delete(onNotification);
      if (channelSubscribers.size > 0 || this.#subscribers.get(channel) !== channelSubscribers) return;
      this.#subscribers.delete(channel);
      const client = await this.#connection?.catch(() => undefined);
      await client?.query(`UNLISTEN ${client.escapeIdentifier(channel)}`).catch(() => {});
    };
    try {
      const client = await this.#connect();
      await client.query(`LISTEN ${client.escapeIdentifier(channel)}`);
    } catch (error) {
      await end();
      throw error;
    }
    return end;
  }

  async close(): Promise<void> {
    this.#closing.abort();
    const client = await this.#connection?.catch(() => undefined);
    await client?.end().catch(() => {});
  }

  /** Returns the connection. If the first attempt fails, the caller gets its error and the next call tries again. */
  async #connect(): Promise<pg.Client> {
    this.#connection ??= this.#open();
    const attempt = this.#connection;
    attempt.catch(() => {
      if (this.#connection === attempt) this.#connection = undefined;
    });
    return attempt;
  }

  async #open(): Promise<pg.Client> {
    const client = this.#createClient();
    client.on('error', () => {});
    client.on('notification', ({ channel, payload }) => notify(this.#subscribers.get(channel), payload ?? ''));
    try {
      await client.connect();
      for (const channel of this.#subscribers.keys()) await client.query(`LISTEN ${client.escapeIdentifier(channel)}`);
    } catch (error) {
      await client.end().catch(() => {});
      throw error;
    }
    client.on('end', () => {
      this.#connection = undefined;
      if (!this.#closing.signal.aborted && this.#subscribers.size > 0) this.#connection = this.#reopen();
    });
    return client;
  }

  async #reopen(): Promise<pg.Client> {
    for (let wait = FIRST_RETRY_MS; ; wait = Math.min(wait * 2, LONGEST_RETRY_MS)) {
      await delay(wait, undefined, { signal: this.#closing.signal });
      try {
        const client = await this.#open();
        for (const subscribers of this.#subscribers.values()) notify(subscribers, undefined);
        return client;
      } catch {
        // the database is still unreachable
      }
    }
  }
}

function notify(subscribers: Set<OnNotification> | undefined, payload: string | undefined): void {
  for (const subscriber of subscribers ?? []) subscriber(payload);
}
