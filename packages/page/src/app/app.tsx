import { useEffect, useState } from 'preact/hooks';
import { findSession, forgetToken, type Session } from '../net/session.ts';
import { usePlace } from '../route/navigation.tsx';
import { RunsPage } from '../runs/runs-page.tsx';
import { isTyping } from '../trace/keys.ts';
import { TracePage } from '../trace/trace-page.tsx';
import { Message } from '../ui/message.tsx';
import { Header } from './header.tsx';
import { HelpDialog } from './help-dialog.tsx';
import { TokenForm } from './token-form.tsx';

/** The whole page: finds the session, and shows the content for the address. */
export function App() {
  const [session, setSession] = useState<Session | 'unknown' | undefined>('unknown');
  const [help, setHelp] = useState(false);
  useEffect(() => void findSession().then(setSession), []);
  usePageKeys(() => setHelp(true));
  const forget = (): void => {
    forgetToken();
    setSession(undefined);
  };
  return (
    <>
      <Header onHelp={() => setHelp(true)} />
      <main>
        {session === 'unknown' ? (
          <Message kind="loading" title="Loading …" />
        ) : session ? (
          <Shown session={session} onForget={forget} />
        ) : (
          <TokenForm onSession={setSession} />
        )}
      </main>
      {help && <HelpDialog onClose={() => setHelp(false)} />}
    </>
  );
}

function Shown({ session, onForget }: { session: Session; onForget: () => void }) {
  const place = usePlace();
  if (place.page === 'runs') return <RunsPage session={session} filters={place.filters} onForget={onForget} />;
  if (place.page === 'trace') {
    const { subject, view } = place;
    return (
      <TracePage
        key={`${subject.by} ${subject.id}`}
        session={session}
        subject={subject}
        view={view}
        onForget={onForget}
      />
    );
  }
  return (
    <Message title="Page not found">
      <p>
        <a href="/">Show the runs</a>
      </p>
    </Message>
  );
}

function usePageKeys(onHelp: () => void): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (isTyping(event) || event.ctrlKey || event.metaKey || event.altKey) return;
      if (event.key === '?') onHelp();
      else if (event.key === '/') document.getElementById('search')?.focus();
      else if (event.key === 't') document.getElementById('theme')?.click();
      else return;
      event.preventDefault();
    };
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  }, []);
}
