export {
  findWorker,
  insertWorker,
  knownWorkers,
  type NewWorker,
  saveHeartbeat,
  saveLabels,
  saveUnsubscribed,
  type WorkerLabels,
  type WorkerRow,
} from './workers.ts';
