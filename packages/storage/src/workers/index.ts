export {
  findWorker,
  insertWorker,
  knownWorkers,
  type NewWorker,
  saveHeartbeat,
  saveUnsubscribed,
  type WorkerRow,
} from './workers.ts';
