import { createParser } from 'eventsource-parser';
import { RequestError, request } from './api.ts';
import type { Session } from './session.ts';

export type StreamState = 'connecting' | 'live' | 'lost' | 'none';

export interface StreamEvent {
  type: string;
  data: string;
}

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 15_000;

interface StreamOptions {
  onEvent: (event: StreamEvent) => void;
  onState: (state: StreamState) => void;
  /** Decides whether to reconnect after the server has ended the stream. @default always */
  reconnect?: () => boolean;
  signal: AbortSignal;
}

/**
 * Follows a stream of server-sent events until the signal is aborted, and reconnects when it ends. Uses `fetch`, as an
 * `EventSource` sends no headers, and a token must not be in a URL.
 */
export async function followStream(
  session: Session,
  path: string,
  { onEvent, onState, reconnect = () => true, signal }: StreamOptions,
): Promise<void> {
  let lastId = '';
  let firstPause = FIRST_PAUSE_MS;
  let pause = firstPause;
  onState('connecting');
  while (!signal.aborted) {
    try {
      const headers = { accept: 'text/event-stream', ...(lastId && { 'last-event-id': lastId }) };
      const { body } = await request(session, path, { headers, signal });
      onState('live');
      const connectedAt = Date.now();
      const parser = createParser({
        onEvent: ({ event = 'message', data }) => onEvent({ type: event, data }),
        onId: (id) => {
          lastId = id;
        },
        onRetry: (ms) => {
          firstPause = Math.min(LONGEST_PAUSE_MS, ms);
          pause = firstPause;
        },
      });
      const reader = body!.pipeThrough(new TextDecoderStream()).getReader();
      for (let part = await reader.read(); !part.done; part = await reader.read()) {
        parser.feed(part.value);
        if (Date.now() - connectedAt > LONGEST_PAUSE_MS) pause = firstPause; // the connection was stable
      }
      if (!reconnect()) return onState('none');
      onState('connecting');
    } catch (error) {
      if (signal.aborted) return;
      // a retry helps neither a server without this stream nor a rejected token
      if (error instanceof RequestError && error.failure !== 'away' && error.failure !== 'failed')
        return onState('none');
      onState('lost');
    }
    if (signal.aborted) return;
    await new Promise((resolve) => setTimeout(resolve, pause * (0.75 + Math.random() / 2)));
    pause = Math.min(LONGEST_PAUSE_MS, pause * 2);
  }
}
