export {
  LimeSitesHealthIndicator,
  type LimeSitesHealthOptions,
} from './lime-sites.health-indicator.js';
