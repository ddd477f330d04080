import type { ComponentChildren } from 'preact';
import { RequestError } from '../net/api.ts';

/** Message in place of content: the state, and the next step. */
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

/** Message for a failed request, with a remedy. */
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
        <p>It may have expired, or belong to another server. Enter a token that this server issued.</p>
        <button type="button" class="primary" onClick={onForget}>
          Enter another token
        </button>
      </Message>
    );
  }
  if (failure === 'not-found') {
    return (
      <Message title={`The ${what} was not found`}>
        <p>It may belong to another tenant, or the server no longer keeps it.</p>
        <p>
          <a href="/">Show the runs</a>
        </p>
      </Message>
    );
  }
  return (
    <Message
      kind="failed"
      title={failure === 'away' ? 'The server does not respond' : `The ${what} could not be loaded`}
    >
      <p>
        {failure === 'away' ? 'Check that it is still running, in the terminal where you started it.' : error.message}
      </p>
      <button type="button" class="primary" onClick={onRetry}>
        Try again
      </button>
    </Message>
  );
}
