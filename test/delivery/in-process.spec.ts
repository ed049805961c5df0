import { describeDelivery } from './delivery-contract.js';

describeDelivery('in process', () => ({}));
