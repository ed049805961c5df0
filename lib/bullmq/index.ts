export { bullMqCluster } from './bull-mq-cluster.js';
export type { BullMqClusterOptions } from './cluster-options.js';
