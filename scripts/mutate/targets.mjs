const READING = [
  'test/stream/standard-cases.spec.ts',
  'test/stream/frame-reader.spec.ts',
  'test/faults/reading.spec.ts',
];

const RECONNECTING = [
  'test/stream/reconnect-policy.spec.ts',
  'test/faults/connecting.spec.ts',
  'test/faults/losing-the-line.spec.ts',
];

const HANDLING = [
  'test/delivery/in-process.spec.ts',
  'test/module/several-sites.spec.ts',
  'test/faults/delivering.spec.ts',
  'test/faults/ending.spec.ts',
  'test/tracing/context.spec.ts',
  'test/tracing/login-channel.spec.ts',
];

/** Which tests have to notice when something in a file is wrong, the quick ones first. */
export const TARGETS = {
  'lib/stream/frame-reader.ts': READING,
  'lib/stream/last-event-id.ts': READING,
  'lib/stream/reconnect-policy.ts': RECONNECTING,
  'lib/ports/backoff.ts': RECONNECTING,
  'lib/stream/silence-watch.ts': [
    'test/stream/silence-watch.spec.ts',
    'test/faults/losing-the-line.spec.ts',
    'test/faults/delivering.spec.ts',
  ],
  'lib/stream/event-stream.ts': [
    'test/faults/reading.spec.ts',
    'test/faults/losing-the-line.spec.ts',
    'test/faults/connecting.spec.ts',
    'test/faults/http.spec.ts',
    'test/faults/delivering.spec.ts',
    'test/faults/ending.spec.ts',
    'test/terminus/health-indicator.spec.ts',
  ],
  'lib/stream/stream-connector.ts': [
    'test/faults/connecting.spec.ts',
    'test/faults/http.spec.ts',
    'test/faults/reading.spec.ts',
    'test/faults/ending.spec.ts',
  ],
  'lib/memory/keyed-digest.ts': ['test/memory/keyed-digest.spec.ts'],
  'lib/login/settlement-memory.ts': [
    'test/login/settlement-memory.spec.ts',
    'test/login/kept-outcomes.spec.ts',
    'test/login/settling.spec.ts',
  ],
  'lib/login/handler-run.ts': HANDLING,
  'lib/login/login-delivery.ts': HANDLING,
};
