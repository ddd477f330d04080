import { z } from 'zod';

/** Named schemas of the OpenAPI document. */
export const components: z.core.$ZodRegistry<{ id: string }> = z.registry<{ id: string }>();

/** Gives a schema its name in the OpenAPI document: Hatchet's name, if Hatchet has the schema. */
export function component<Schema extends z.ZodType>(id: string, schema: Schema): Schema {
  components.add(schema, { id });
  return schema;
}
