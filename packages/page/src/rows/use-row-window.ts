import type { RefObject } from 'preact';
import { useCallback, useLayoutEffect, useState } from 'preact/hooks';

interface RowWindow {
  /** Height in pixels; taller on a phone, where a row has two lines. */
  rowHeight: number;
  /** Position of the first row in the document. */
  first: number;
  /** Position after the last row in the document. */
  last: number;
  /** Set if names are above the bars. */
  narrow: boolean;
  onScroll: () => void;
}

const NARROW = '(max-width: 640px)';
const HEIGHT = { wide: 28, narrow: 44 };
/** Rows in the document outside the viewport, so that scrolling shows no gaps. */
const OVERSCAN = 20;

/** Computes the rows that must be in the document: those in the viewport, and some around them. */
export function useRowWindow(box: RefObject<HTMLElement | null>, count: number): RowWindow {
  const [narrow, setNarrow] = useState(() => matchMedia(NARROW).matches);
  const [part, setPart] = useState({ first: 0, last: 60 });
  const rowHeight = narrow ? HEIGHT.narrow : HEIGHT.wide;
  const measure = useCallback(() => {
    if (!box.current) return;
    const { scrollTop, clientHeight } = box.current;
    // in steps, so that most scrolling renders nothing
    const first = Math.max(0, Math.floor(scrollTop / rowHeight / 8) * 8 - OVERSCAN);
    const last = first + Math.ceil(clientHeight / rowHeight / 8) * 8 + 2 * OVERSCAN + 8;
    setPart((before) => (before.first === first && before.last === last ? before : { first, last }));
  }, [rowHeight]);
  useLayoutEffect(() => {
    measure();
    const resized = new ResizeObserver(measure);
    resized.observe(box.current!);
    const width = matchMedia(NARROW);
    const onWidth = (): void => setNarrow(width.matches);
    width.addEventListener('change', onWidth);
    return () => {
      resized.disconnect();
      width.removeEventListener('change', onWidth);
    };
  }, [measure]);
  return { rowHeight, ...part, last: Math.min(count, part.last), narrow, onScroll: measure };
}
