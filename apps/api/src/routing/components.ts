import { z } from 'zod';

/** The named schemas of the OpenAPI document. */
export const components: z.core.$ZodRegistry<{ id: string }> = z.registry<{ id: string }>();

/** Names a schema, by Hatchet's name where Hatchet has it; what a route takes or answers has one. */
export function component<Schema extends z.ZodType>(id: string, schema: Schema): Schema {
  components.add(schema, { id });
  return schema;
}
