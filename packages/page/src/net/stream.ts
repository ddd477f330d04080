import { RequestError, request } from './api.ts';
import { EventParser, type StreamEvent } from './event-stream.ts';
import type { Session } from './session.ts';

export type StreamState = 'connecting' | 'live' | 'lost' | 'none';

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 15_000;

interface Followed {
  onEvent: (event: StreamEvent) => void;
  onState: (state: StreamState) => void;
  /** Whether to connect again when the server has ended the stream. @default always */
  again?: () => boolean;
  signal: AbortSignal;
}

/**
 * Follows a stream of events until the signal is aborted, and connects again when it ends. By `fetch`, as an
 * `EventSource` can send no header, and a token must be in no address.
 */
export async function follow(
  session: Session,
  path: string,
  { onEvent, onState, again = () => true, signal }: Followed,
): Promise<void> {
  let lastId = '';
  let pause = FIRST_PAUSE_MS;
  onState('connecting');
  while (!signal.aborted) {
    try {
      const headers = { accept: 'text/event-stream', ...(lastId && { 'last-event-id': lastId }) };
      const { body } = await request(session, path, { headers, signal });
      onState('live');
      const began = Date.now();
      const parser = new EventParser();
      const reader = body!.pipeThrough(new TextDecoderStream()).getReader();
      for (let part = await reader.read(); !part.done; part = await reader.read()) {
        for (const event of parser.push(part.value)) {
          lastId = event.id;
          onEvent(event);
        }
        if (Date.now() - began > LONGEST_PAUSE_MS) pause = FIRST_PAUSE_MS; // it was a good one
      }
      if (!again()) return onState('none');
      onState('connecting');
    } catch (error) {
      if (signal.aborted) return;
      // a server without such a stream will not have one later, and a token that is refused will be again
      if (error instanceof RequestError && error.failure !== 'away' && error.failure !== 'failed')
        return onState('none');
      onState('lost');
    }
    if (signal.aborted) return;
    await new Promise((resolve) => setTimeout(resolve, pause * (0.75 + Math.random() / 2)));
    pause = Math.min(LONGEST_PAUSE_MS, pause * 2);
  }
}
