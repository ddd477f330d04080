import type { TenantView } from '@hatchet-ts/storage/reads';
import { z } from 'zod';
import { component } from '../routing/components.ts';
import { METADATA, metadata } from './list.ts';

export const TENANT = component(
  'Tenant',
  z.strictObject({ metadata: METADATA, name: z.string(), slug: z.string(), version: z.literal('V1') }),
);

export function tenantShape({ id, name, slug, createdAt, updatedAt }: TenantView): z.output<typeof TENANT> {
  return { metadata: metadata(id, createdAt, updatedAt), name, slug, version: 'V1' };
}
