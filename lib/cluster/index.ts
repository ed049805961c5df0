export type {
  LimeCluster,
  LimeClusterHandling,
  LimeClusterMember,
  LimeClusterReplica,
  LimeClusterRun,
  LimeClusterSite,
  LimeClusterStatus,
  LimeSharedId,
} from './lime-cluster.js';
export type { LoginRecord } from './login-record.js';
export { type Persistence, untilAccepted } from './until-accepted.js';
