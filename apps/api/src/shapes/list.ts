import type { Page, Paged } from '@hatchet-ts/storage/reads';
import { z } from 'zod';
import { component } from '../routing/components.ts';
import { TIME } from './json.ts';

/** Hatchet's `metadata`, which every resource has. */
export const METADATA = component(
  'APIResourceMeta',
  z.strictObject({ id: z.guid(), createdAt: TIME, updatedAt: TIME }),
);

const PAGINATION = component(
  'PaginationResponse',
  z.strictObject({ current_page: z.int(), next_page: z.int(), num_pages: z.int() }),
);

/** Creates the schema of a list in Hatchet's form. */
export function listOf<Row extends z.ZodType, More extends z.ZodRawShape = Record<never, never>>(
  id: string,
  row: Row,
  more?: More,
) {
  return component(id, z.strictObject({ pagination: PAGINATION, rows: z.array(row), ...(more as More) }));
}

/** Creates one page of a list. Pages count from 1; on the last page `next_page` is that page. */
export function listShape<Row, Shape>({ total, rows }: Paged<Row>, page: Page, shape: (row: Row) => Shape) {
  const numPages = Math.max(1, Math.ceil(total / page.limit));
  const currentPage = Math.floor(page.offset / page.limit) + 1;
  const pagination = { current_page: currentPage, next_page: Math.min(currentPage + 1, numPages), num_pages: numPages };
  return { pagination, rows: rows.map(shape) };
}

/** Creates a list of one page. */
export function wholeList<Shape>(rows: Shape[]) {
  return { pagination: { current_page: 1, next_page: 1, num_pages: 1 }, rows };
}

export function metadata(id: string, createdAt: Date, updatedAt: Date = createdAt): z.output<typeof METADATA> {
  return { id, createdAt: createdAt.toISOString(), updatedAt: updatedAt.toISOString() };
}
