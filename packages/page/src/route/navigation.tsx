import type { ComponentChildren } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { type Place, placeOf } from './address.ts';

const CHANGED = 'page-address';

/** Goes to an address of this page; `replace` adds no entry to the browser's history. */
export function navigate(address: string, { replace = false }: { replace?: boolean } = {}): void {
  if (address === location.pathname + location.search) return;
  history[replace ? 'replaceState' : 'pushState'](null, '', address);
  dispatchEvent(new Event(CHANGED));
}

/** Current place, kept up to date with the address. */
export function usePlace(): Place {
  const [place, setPlace] = useState(() => placeOf(location));
  useEffect(() => {
    const read = (): void => setPlace(placeOf(location));
    addEventListener('popstate', read);
    addEventListener(CHANGED, read);
    return () => {
      removeEventListener('popstate', read);
      removeEventListener(CHANGED, read);
    };
  }, []);
  return place;
}

/** Link within the page. A plain click navigates without a reload; the browser handles all other clicks. */
export function Link({ to, children, ...rest }: { to: string; class?: string; children: ComponentChildren }) {
  const follow = (event: MouseEvent): void => {
    if (
      event.defaultPrevented ||
      event.button !== 0 ||
      event.metaKey ||
      event.ctrlKey ||
      event.shiftKey ||
      event.altKey
    )
      return;
    event.preventDefault();
    navigate(to);
    scrollTo(0, 0);
  };
  return (
    <a {...rest} href={to} onClick={follow}>
      {children}
    </a>
  );
}
