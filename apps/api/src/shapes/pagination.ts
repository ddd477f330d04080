import type { Page, Paged } from '@hatchet-ts/storage/reads';

/** Hatchet's shape of a list. */
export interface ListShape<Row> {
  pagination: { current_page: number; next_page: number; num_pages: number };
  rows: Row[];
}

/** Pages count from 1; on the last one `next_page` is the page itself. */
export function listShape<Row, Shape>(
  { total, rows }: Paged<Row>,
  page: Page,
  shape: (row: Row) => Shape,
): ListShape<Shape> {
  const numPages = Math.max(1, Math.ceil(total / page.limit));
  const currentPage = Math.floor(page.offset / page.limit) + 1;
  const pagination = { current_page: currentPage, next_page: Math.min(currentPage + 1, numPages), num_pages: numPages };
  return { pagination, rows: rows.map(shape) };
}

/** `metadata` of everything that the API shows. */
export function metadata(id: string, createdAt: Date, updatedAt: Date = createdAt) {
  return { id, createdAt: createdAt.toISOString(), updatedAt: updatedAt.toISOString() };
}
