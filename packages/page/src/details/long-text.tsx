import { useState } from 'preact/hooks';
import { beginning, visibleText } from '../text/visible-text.ts';

/** Longer texts are cut until somebody wants them. */
const SHOWN = 2000;

/** Text of anybody: never more than text, and only as much as can be read. */
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
