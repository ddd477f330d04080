import { useState } from 'preact/hooks';
import { enterToken, type Session } from '../net/session.ts';

/** Asks once for a token; `npm start` brings its own. */
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
      <h2>Which token may read the runs?</h2>
      <p>
        Paste an API token of your tenant: what <code>HATCHET_CLIENT_TOKEN</code> holds for your workers. It stays in
        this tab, and is forgotten when you close it.
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
          This is no token of a tenant: it has three parts between dots, and begins with <code>ey</code>.
        </p>
      )}
      <button type="submit" class="primary">
        Show the runs
      </button>
    </form>
  );
}
