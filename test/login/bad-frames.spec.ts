import { describe, expect, it } from '@jest/globals';
import { RecordingHandler } from '../support/recording-handler.js';
import { useStarter } from '../support/start-site.js';
import { until } from '../support/until.js';

const start = useStarter();

const SKIPPED: [name: string, frame: string, log: RegExp][] = [
  ['text that is not JSON', 'data: {"type":\n\n', /not JSON/],
  ['JSON that is not an object', 'data: [1]\n\n', /not an object/],
  ['JSON null', 'data: null\n\n', /not an object/],
  ['an object without a type', 'data: {}\n\n', /without a type/],
  ['a frame type that is not known', 'data: {"type":"challenge"}\n\n', /challenge/],
  [
    'an approved without an id',
    'data: {"type":"approved","agent_passport_jwt":"x"}\n\n',
    /login_request_id/,
  ],
  ['an expired without an id', 'data: {"type":"expired"}\n\n', /login_request_id/],
  [
    'an id that is null',
    'data: {"type":"expired","login_request_id":null}\n\n',
    /login_request_id/,
  ],
  [
    'an id that is a number',
    'data: {"type":"expired","login_request_id":7}\n\n',
    /login_request_id/,
  ],
  [
    'an id that is an object',
    'data: {"type":"expired","login_request_id":{}}\n\n',
    /login_request_id/,
  ],
  [
    'an id that is blank',
    'data: {"type":"expired","login_request_id":" "}\n\n',
    /login_request_id/,
  ],
  [
    'an approved without a passport',
    'data: {"type":"approved","login_request_id":"lr_x"}\n\n',
    /passport.*lr_x/,
  ],
  [
    'an error frame',
    'data: {"type":"error","code":"CHANNEL_DOWN","message":"redis"}\n\n',
    /CHANNEL_DOWN redis/,
  ],
  ['an error frame without a code', 'data: {"type":"error"}\n\n', /no code/],
  [
    'a passport that is not a JWT',
    'data: {"type":"approved","login_request_id":"lr_x","agent_passport_jwt":"x"}\n\n',
    /lr_x/,
  ],
];

describe('An unusable frame', () => {
  it.each(SKIPPED)(
    'is skipped with one log line, and the next one is handled: %s',
    async (_, frame, log) => {
      const { lime, app, logs } = await start.site({ providers: [RecordingHandler] });
      await lime.whenStreamOpen();

      lime.send(`${frame}data: {"type":"expired","login_request_id":"lr_good"}\n\n`);
      const handler = app.get(RecordingHandler);
      await until(() => handler.events.length > 0 && logs.of('warn').length > 0);

      expect(handler.requestIds).toEqual(['lr_good']);
      expect(logs.of('warn')).toEqual([expect.stringMatching(log)]);
      expect(lime.openStreams).toBe(1);
    },
  );

  it('is logged once for each unknown type', async () => {
    const { lime, app, logs } = await start.site({ providers: [RecordingHandler] });
    await lime.whenStreamOpen();
    const manyTypes = Array.from({ length: 60 }, (_, index) => `data: {"type":"t${index}"}\n\n`);

    lime.send('data: {"type":"challenge"}\n\n'.repeat(3));
    lime.send(`${manyTypes.join('')}data: {"type":"expired","login_request_id":"lr_good"}\n\n`);
    await until(() => app.get(RecordingHandler).events.length > 0);

    expect(logs.of('warn').filter((line) => line.includes('challenge'))).toHaveLength(1);
    expect(logs.of('warn').length).toBeLessThanOrEqual(50);
  });

  it('is shortened in the log', async () => {
    const { lime, logs } = await start.site({ providers: [RecordingHandler] });
    await lime.whenStreamOpen();

    lime.send({ type: 'x'.repeat(5_000) });
    const [line = ''] = await until(() => logs.of('warn').length > 0 && logs.of('warn'));

    expect(line.length).toBeLessThan(510);
  });
});
