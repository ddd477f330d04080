import { useState } from 'preact/hooks';
import { beginning, visibleText } from '../text/visible-text.ts';

/** Maximum length that is shown at first. */
const SHOWN = 2000;

/** Untrusted text, shown as text only, and cut until the reader asks for all of it. */
export function LongText({ text, code = false }: { text: string; code?: boolean }) {
  const [all, setAll] = useState(false);
  const { shown, more } = beginning(text, all ? text.length : SHOWN);
  const Tag = code ? 'pre' : 'span';
  return (
    <>
      <Tag class="long-text">{visibleText(shown, { lines: true })}</Tag>
      {more > 0 && (
        <button type="button" class="as-link" onClick={() => setAll(true)}>
          … show all {text.length.toLocaleString('en')} characters
        </button>
      )}
    </>
  );
}
