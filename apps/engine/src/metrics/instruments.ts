/*
 * Metrics of the engine besides those of its calls: names, units and attributes. Names are Hatchet's where it has the
 * metric; the units are ours, because Hatchet sets none. All are observable gauges, so that a tenant without workers has
 * no series instead of an outdated one.
 */

export interface Instrument {
  readonly name: string;
  readonly unit: string;
  readonly description: string;
  /** Keys of its attributes; few values each. */
  readonly attributes: readonly string[];
}

export const WORKER_INSTRUMENTS = {
  slots: {
    name: 'hatchet.workers.active_slots',
    unit: '{slot}',
    description: 'Slots of the workers that take work',
    attributes: ['tenant_id'],
  },
  slotsByKey: {
    name: 'hatchet.workers.active_slots.by_key',
    unit: '{slot}',
    description: 'The same by kind of slot',
    attributes: ['tenant_id', 'slot_key'],
  },
  workers: {
    name: 'hatchet.workers.active_count',
    unit: '{worker}',
    description: 'Workers that take work: heard of in the last 30 s, neither paused nor leaving',
    attributes: ['tenant_id'],
  },
  sdks: {
    name: 'hatchet.workers.active_sdks',
    unit: '{worker}',
    description: 'The same by their SDK',
    attributes: ['tenant_id', 'sdk_language', 'sdk_version', 'sdk_os', 'sdk_language_version'],
  },
} as const satisfies Record<string, Instrument>;

export const QUEUE_INSTRUMENTS = {
  size: {
    name: 'hatchet.queue.size',
    unit: '{task}',
    description: 'Tasks that wait for a worker',
    attributes: ['tenant_id'],
  },
  oldest: {
    name: 'hatchet.queue.oldest_age',
    unit: 's',
    description: 'How long the one has waited that has waited longest',
    attributes: ['tenant_id'],
  },
} as const satisfies Record<string, Instrument>;

export const DATABASE_INSTRUMENTS = {
  bloat: {
    name: 'hatchet.db.bloat.count',
    unit: '{table}',
    description: 'Tables with more than half as many dead rows as live ones',
    attributes: ['health_status'],
  },
  deadTuples: {
    name: 'hatchet.db.bloat.dead_tuple_percent',
    unit: '%',
    description: 'Dead rows per hundred live ones, of tables with more than 1000 of both',
    attributes: ['table_name'],
  },
  longQueries: {
    name: 'hatchet.db.long_running_queries.count',
    unit: '{query}',
    description: 'Statements that have been running for more than five minutes',
    attributes: [],
  },
  cacheHits: {
    name: 'hatchet.db.query_cache.hit_ratio',
    unit: '%',
    description: 'Blocks of a table that were found in memory',
    attributes: ['table_name'],
  },
  vacuums: {
    name: 'hatchet.db.long_running_vacuum.count',
    unit: '{vacuum}',
    description: 'Vacuums under way; alert when one has been for more than ten hours',
    attributes: ['health_status'],
  },
  autovacuum: {
    name: 'hatchet.db.last_autovacuum.seconds_since',
    unit: 's',
    description: 'Since the last automatic vacuum of a table',
    attributes: ['table_name'],
  },
} as const satisfies Record<string, Instrument>;
