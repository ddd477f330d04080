import type { ComponentChildren } from 'preact';
import { RequestError } from '../net/api.ts';

/** A page or a part of it that has nothing else to show: what is so, and what to do next. */
export function Message({
  title,
  children,
  kind = 'empty',
}: {
  title: string;
  children?: ComponentChildren;
  kind?: 'empty' | 'failed' | 'loading';
}) {
  return (
    <div class={`message ${kind}`} role={kind === 'failed' ? 'alert' : 'status'}>
      <h2>{title}</h2>
      {children}
    </div>
  );
}

/** What went wrong with a request, in words that say what to do. */
export function FailureMessage({
  error,
  what,
  onRetry,
  onForget,
}: {
  error: Error;
  what: string;
  onRetry: () => void;
  onForget: () => void;
}) {
  const failure = error instanceof RequestError ? error.failure : 'failed';
  if (failure === 'not-allowed') {
    return (
      <Message kind="failed" title="This token is not accepted">
        <p>It may have expired, or be for another server. Enter one that this server has issued.</p>
        <button type="button" class="primary" onClick={onForget}>
          Enter another token
        </button>
      </Message>
    );
  }
  if (failure === 'not-found') {
    return (
      <Message title={`There is no such ${what}`}>
        <p>Its id may be of another tenant, or the {what} is older than what the server keeps.</p>
        <p>
          <a href="/">See the runs that are there</a>
        </p>
      </Message>
    );
  }
  return (
    <Message
      kind="failed"
      title={failure === 'away' ? 'The server does not answer' : `The ${what} could not be loaded`}
    >
      <p>{failure === 'away' ? 'Is it still running? Look at the terminal where you started it.' : error.message}</p>
      <button type="button" class="primary" onClick={onRetry}>
        Try again
      </button>
    </Message>
  );
}
