import type { RefObject } from 'preact';
import { useCallback, useLayoutEffect, useState } from 'preact/hooks';

export interface RowWindow {
  /** In pixels; taller on a phone, where a row has two lines. */
  rowHeight: number;
  /** Positions among the rows: from the first that is drawn to the one behind the last. */
  first: number;
  last: number;
  /** Names are above the bars. */
  narrow: boolean;
  onScroll: () => void;
}

const NARROW = '(max-width: 640px)';
const HEIGHT = { wide: 28, narrow: 44 };
/** Drawn beyond what is in sight, so that scrolling shows no holes. */
const BEYOND = 20;

/** Which rows are in the document: those in sight and some around them. */
export function useRowWindow(box: RefObject<HTMLElement | null>, count: number): RowWindow {
  const [narrow, setNarrow] = useState(() => matchMedia(NARROW).matches);
  const [part, setPart] = useState({ first: 0, last: 60 });
  const rowHeight = narrow ? HEIGHT.narrow : HEIGHT.wide;
  const measure = useCallback(() => {
    if (!box.current) return;
    const { scrollTop, clientHeight } = box.current;
    // in steps, so that most scrolling draws nothing
    const first = Math.max(0, Math.floor(scrollTop / rowHeight / 8) * 8 - BEYOND);
    const last = first + Math.ceil(clientHeight / rowHeight / 8) * 8 + 2 * BEYOND + 8;
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
