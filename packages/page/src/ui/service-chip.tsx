import type { ServiceMark } from '@hatchet-ts/waterfall/browser';
import { visibleText } from '../text/visible-text.ts';

/** Mark of a service: its color, pattern and initials. */
export function ServiceMarkSign({ mark }: { mark: ServiceMark | undefined }) {
  return (
    <span class={`service-mark s${mark?.slot ?? 0}`} aria-hidden="true">
      {mark?.initials ?? '?'}
    </span>
  );
}

export function ServiceChip({ service, mark }: { service: string; mark: ServiceMark | undefined }) {
  return (
    <span class="service">
      <ServiceMarkSign mark={mark} />
      {visibleText(service.slice(0, 100))}
    </span>
  );
}
