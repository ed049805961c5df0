import { bullMqCluster } from 'nestjs-lime-sites/bullmq';
import { describeWithRedis, useRedis } from '../support/redis-server.js';
import { describeDelivery } from './delivery-contract.js';

describeWithRedis('One replica over BullMQ and Redis', () => {
  const redis = useRedis();
  describeDelivery('over BullMQ', (tuning = {}) => ({
    cluster: bullMqCluster({ url: redis().url, ...tuning }),
  }));
});
