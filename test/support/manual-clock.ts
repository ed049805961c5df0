export { ManualClock } from 'nestjs-lime-sites/testing';
