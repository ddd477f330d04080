import { Database, migrate } from '@hatchet-ts/storage';
import { createTokenVerifier } from '@hatchet-ts/storage/credentials';
import { EngineLock } from '@hatchet-ts/storage/engine-lock';
import { postponeTimeouts, runningAttempts } from '@hatchet-ts/storage/runs';
import { knownWorkers } from '@hatchet-ts/storage/workers';
import type { MeterProvider } from '@opentelemetry/api';
import type { Logger } from 'pino';
import { Batcher } from './batch/batcher.ts';
import { now } from './clock.ts';
import { createRunContexts } from './contract/run-contexts.ts';
import { createContractServer } from './contract/server.ts';
import { Durable } from './durable/durable.ts';
import { reportEngineMetrics } from './metrics/engine-metrics.ts';
import { startRetention } from './retention/retention.ts';
import { createCancellation } from './runs/cancellation.ts';
import { createCreation } from './runs/creation.ts';
import { seeToEffects } from './runs/effects.ts';
import { Progress } from './runs/progress.ts';
import { createRegistry } from './runs/registry.ts';
import { createReplay } from './runs/replay.ts';
import { Reports } from './runs/reports.ts';
import { createResults } from './runs/results.ts';
import { Running } from './runs/running.ts';
import { createSettlement } from './runs/settlement.ts';
import { Dispatch } from './scheduling/dispatch.ts';
import { createExclusive } from './scheduling/exclusive.ts';
import { watchHeartbeats } from './scheduling/heartbeats.ts';
import { Scheduler } from './scheduling/scheduler.ts';
import { createScheduling } from './scheduling/scheduling.ts';
import { createTimers } from './scheduling/timers.ts';
import { TIMING, type Timing } from './scheduling/timing.ts';
import { WorkerPool } from './scheduling/worker-pool.ts';
import { Workers } from './scheduling/workers.ts';
import { createTriggerClock } from './triggers/clock.ts';
import { createIngest } from './triggers/events.ts';

export interface EngineOptions {
  databaseUrl: string;
  bindAddress: string;
  /** 0 for any free port. */
  port: number;
  log: Logger;
  /** Whether this process makes spans. */
  tracing: boolean;
  timing?: Partial<Timing>;
  /** How long finished runs, and what came with them, are kept, in milliseconds; left out: for ever. */
  retention?: number;
  /** Where the engine's own measurements go; default: nowhere. */
  meterProvider?: MeterProvider;
}

/** An engine that serves. */
export interface Engine {
  /** `host:port` that it really listens on. */
  address: string;
  /** Ends the streams, lets the calls that run finish, and closes the database. */
  stop(): Promise<void>;
}

const APPLICATION_NAME = 'hatchet-engine';
/** How long calls may take to finish when the engine stops. */
const STOP_MS = 2_000;
/** Between two passes of retention. */
const RETENTION_PAUSE_MS = 600_000;

/**
 * Starts an engine: migrates the database, takes its lock, reads what the last engine left, and serves.
 *
 * @throws EngineLockHeldError when another engine has the database; else the error of the database or the port.
 */
export async function startEngine({ log, tracing, ...options }: EngineOptions): Promise<Engine> {
  const timing: Timing = { ...TIMING, ...options.timing };
  const stopping = new AbortController();
  const onError = (error: unknown) => {
    if (!stopping.signal.aborted) log.error({ err: error }, 'the engine could not do part of its work and tries again');
  };
  const db = new Database(options.databaseUrl, { applicationName: APPLICATION_NAME });
  let lock: EngineLock | undefined;
  try {
    await migrate(db);
    lock = await EngineLock.acquire(options.databaseUrl, {
      applicationName: APPLICATION_NAME,
      onLost: (error) =>
        log.warn({ err: error }, 'lost the lock of the database: nothing is scheduled until it is back'),
      onRegained: () => {
        log.info('the lock of the database is back');
        recover().catch(onError);
      },
    });
  } catch (error) {
    await db.close();
    throw error;
  }
  const held = lock;
  const mayRun = () => held.isHeld();

  const pool = new WorkerPool();
  const registry = createRegistry(db);
  const results = createResults(db, onError);
  const progress = new Progress(db, onError);
  const settle = createSettlement({
    db,
    registry,
    onEffects: (effects) =>
      seeToEffects(effects, { pool, registry, results, progress, scheduling, timers, dispatch, durable }),
  });
  const dispatch = new Dispatch({ pool, registry, settle, onError });
  const timers = createTimers({ db, settle, timing, mayRun, onError });
  const onTimer = timers.noted;
  const exclusive = createExclusive();
  const scheduler = new Scheduler({
    db,
    registry,
    pool,
    timing,
    exclusive,
    mayRun,
    onAssigned: (assignments) => dispatch.assigned(assignments),
    onTimer,
    onError,
  });
  const batcher = new Batcher({
    db,
    registry,
    pool,
    timing,
    exclusive,
    mayRun,
    onAssigned: (batch) => dispatch.assignedBatch(batch),
    onTimer,
    onError,
  });
  const scheduling = createScheduling(scheduler, batcher);
  const onRoom = () => scheduling.wake();
  const workers = new Workers({ db, pool, timing, onRoom, onTimer });
  const creation = createCreation({ db, registry, onQueued: (...kind) => scheduling.queued(...kind), onTimer });
  const durable = new Durable({ db, creation, settle, timing, mayRun, onError });

  const clock = createTriggerClock({ db, creation, timing, mayRun, onError });

  /** Rebuilds what is kept in memory: the truth is in the database. */
  async function recover(): Promise<void> {
    await postponeTimeouts(db, now() + timing.restart);
    for (const row of await knownWorkers(db, now() - timing.heartbeat)) if (!pool.worker(row.id)) pool.add(row);
    pool.releaseAll();
    const attempts = await runningAttempts(db);
    await registry.load(attempts.map(({ versionId }) => versionId));
    for (const { versionId, step, slotsReleased, batchId, ...attempt } of attempts) {
      const without = slotsReleased || (batchId !== null && pool.batch(batchId).size > 0);
      const slots = without ? {} : (registry.steps(versionId)[step]?.slots ?? {});
      pool.occupy({ ...attempt, slots, ...(batchId === null ? {} : { batchId }) });
    }
    await scheduling.recover();
    await durable.recover();
    timers.start();
    clock.start();
  }

  const server = createContractServer({
    db,
    verifyToken: createTokenVerifier(db),
    registry,
    workers,
    durable,
    reports: new Reports({
      db,
      pool,
      settle,
      onTimer,
      onStarted: (attempt) => progress.happened({ kind: 'task-started', ...attempt }),
    }),
    running: new Running({ db, pool, onRoom, onTimer }),
    results,
    progress,
    contexts: createRunContexts(db, pool, tracing),
    cancel: createCancellation(db, settle),
    replay: createReplay(db, settle),
    creation,
    ingest: createIngest(db, creation, (events) => durable.eventsStored(events)),
    stopping: stopping.signal,
    onError: (error, path) => log.error({ err: error, method: path }, 'a call failed'),
  });
  let stopHeartbeats = async () => {};
  let stopRetention = async () => {};
  let stopMetrics = () => {};

  async function stop(): Promise<void> {
    stopping.abort();
    stopMetrics();
    const forced = setTimeout(() => server.forceShutdown(), STOP_MS);
    await server.shutdown();
    clearTimeout(forced);
    await Promise.all([
      stopHeartbeats(),
      stopRetention(),
      scheduling.stop(),
      timers.stop(),
      clock.stop(),
      results.stop(),
      durable.stop(),
    ]);
    progress.stop();
    await held.release();
    await db.close();
  }

  try {
    await recover();
    await db.listen('worker_paused', (id) => {
      const ids = id === undefined ? pool.ids() : [id];
      Promise.all(ids.map((workerId) => workers.changed(workerId))).catch(onError);
    });
    await db.listen('trigger_clock', clock.start);
    await db.listen('workflow_deleted', registry.deleted);
    stopHeartbeats = watchHeartbeats({ db, pool, settle, timing, mayRun, onError });
    const { meterProvider } = options;
    if (meterProvider) {
      stopMetrics = reportEngineMetrics({ db, meterProvider, heartbeat: timing.heartbeat, mayRun, onError });
    }
    const period = options.retention;
    if (period !== undefined)
      stopRetention = startRetention({ db, period, pause: RETENTION_PAUSE_MS, mayRun, onError });
    const port = await server.listen(`${bracketed(options.bindAddress)}:${options.port}`);
    return { address: `${bracketed(options.bindAddress)}:${port}`, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function bracketed(host: string): string {
  return host.includes(':') && !host.startsWith('[') ? `[${host}]` : host;
}
