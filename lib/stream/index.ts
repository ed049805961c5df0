export type { LimeConnection, LimeConnectionState } from './connection-state.js';
export { EventStream } from './event-stream.js';
export { StreamGate } from './stream-gate.js';
