import { useState } from 'preact/hooks';
import { enterToken, type Session } from '../net/session.ts';

/** Form for the API token; a server started by `npm start` provides its own. */
export function TokenForm({ onSession }: { onSession: (session: Session) => void }) {
  const [text, setText] = useState('');
  const [wrong, setWrong] = useState(false);
  const enter = (event: Event): void => {
    event.preventDefault();
    const session = enterToken(text);
    setWrong(!session);
    if (session) onSession(session);
  };
  return (
    <form class="message token" onSubmit={enter}>
      <h2>Enter an API token</h2>
      <p>
        Paste an API token of your tenant, such as the <code>HATCHET_CLIENT_TOKEN</code> of your workers. It is kept in
        this tab only, until you close it.
      </p>
      <label for="token">API token</label>
      <input
        id="token"
        type="password"
        autocomplete="off"
        spellcheck={false}
        value={text}
        aria-invalid={wrong}
        aria-describedby={wrong ? 'token-wrong' : undefined}
        onInput={(event) => setText(event.currentTarget.value)}
      />
      {wrong && (
        <p class="wrong" id="token-wrong" role="alert">
          This is not an API token of a tenant: a token begins with <code>ey</code> and has three parts, separated by
          dots.
        </p>
      )}
      <button type="submit" class="primary">
        Show the runs
      </button>
    </form>
  );
}
