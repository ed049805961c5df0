import { inTurn } from '../harness/in-turn.mjs';
import { installSize } from '../harness/install-size.mjs';
import { PlainApplication } from '../harness/plain-application.mjs';
import { rowOf } from '../harness/row.mjs';
import { spread } from '../harness/statistics.mjs';

/** A start differs from the next one by more than the module adds. */
const REPETITIONS = 15;

/** What an application starts later with the module, each start in a process of its own. */
export async function startUp(context) {
  const application = new PlainApplication();
  try {
    await application.lay();
    return await measure(application, context);
  } finally {
    await application.clear();
  }
}

async function measure(application, { baseUrl, quick }) {
  const probe = (what) => application.run('start-up-probe.mjs', baseUrl, what);
  const undici = [];
  const samples = await inTurn({
    repetitions: quick ? 1 : REPETITIONS,
    warmUps: 1,
    limit: () => probe('without'),
    ours: async () => {
      undici.push((await probe('undici')).importMs);
      return probe('with');
    },
  });
  const row = (name, what, atMost) =>
    rowOf({
      name,
      unit: 'ms',
      ours: samples.ours.map((times) => times[what]),
      limit: samples.limit.map((times) => times[what]),
      relation: 'difference',
      target: { atMost },
    });
  const { kib, packages } = await installSize();
  return {
    rows: [
      row('start-up: NestFactory.create and init', 'startMs', 20),
      row('start-up: imports', 'importMs', 60),
    ],
    notes: [
      `Of the imports undici alone takes ${spread(undici).median.toFixed(0)} ms.`,
      `Installed, the package and what it depends on take ${kib} KiB (${packages}).`,
    ],
  };
}
