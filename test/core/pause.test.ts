/** Reloader's pause period: when it begins, how long it lasts, and that nothing keeps a Deployment paused for ever. */
import fc from 'fast-check';
import t from 'tap';
import { RELOADER } from '../../core/names.ts';
import { type Pause, pauseOf } from '../../core/pause.ts';

const PERIOD = 'deployment.reloader.stakater.com/pause-period';
const PAUSED_AT = 'deployment.reloader.stakater.com/paused-at';
const NOW_TEXT = '2026-01-01T12:00:00Z';
const NOW = Date.parse(NOW_TEXT);

interface Row {
  readonly name: string;
  readonly kind?: string;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly templateAnnotations?: Readonly<Record<string, string>>;
  readonly paused?: unknown;
  readonly expected: Pause;
}

const NONE: Pause = { pause: 'none' };
const ARMED: Pause = { pause: 'armed' };
const ENDED: Pause = { pause: 'ended' };
const running = (leftMs: number): Pause => ({ pause: 'running', leftMs });
const since = (at: string, period = '5m'): Readonly<Record<string, string>> => ({ [PERIOD]: period, [PAUSED_AT]: at });

const ROWS: readonly Row[] = [
  { name: 'nobody asks for a period', expected: NONE },
  { name: 'a period is asked for', annotations: { [PERIOD]: '5m' }, expected: ARMED },
  { name: 'a period is asked for on the pod template', templateAnnotations: { [PERIOD]: '5m' }, expected: ARMED },
  {
    name: 'the workload wins over its pod template',
    annotations: { [PERIOD]: '0s' },
    templateAnnotations: { [PERIOD]: '5m' },
    expected: NONE,
  },
  { name: 'a period of nothing', annotations: { [PERIOD]: '0s' }, expected: NONE },
  ...['', '5', '5 m', '-5m', 'soon', '1e9h', '9999999h'].map(
    (period): Row => ({
      name: `a period of ${JSON.stringify(period)}`,
      annotations: { [PERIOD]: period },
      expected: NONE,
    }),
  ),
  ...['StatefulSet', 'DaemonSet', 'CronJob', 'Rollout', 'DeploymentConfig'].map(
    (kind): Row => ({
      name: `a ${kind} knows no period`,
      kind,
      annotations: since(NOW_TEXT),
      paused: true,
      expected: NONE,
    }),
  ),
  { name: 'a person has paused it', annotations: { [PERIOD]: '5m' }, paused: true, expected: NONE },
  {
    name: 'a person has paused it, and the pod template claims when',
    annotations: { [PERIOD]: '5m' },
    templateAnnotations: { [PAUSED_AT]: NOW_TEXT },
    paused: true,
    expected: NONE,
  },
  { name: 'it was just paused', annotations: since(NOW_TEXT), paused: true, expected: running(300_000) },
  {
    name: 'it was paused a while ago',
    annotations: since('2026-01-01T11:57:00Z'),
    paused: true,
    expected: running(120_000),
  },
  {
    name: 'it was paused with fractions of a second',
    annotations: since('2026-01-01T11:55:00.250Z'),
    paused: true,
    expected: running(250),
  },
  {
    name: 'it was paused in another time zone',
    annotations: since('2026-01-01T13:00:00+01:00'),
    paused: true,
    expected: running(300_000),
  },
  { name: 'it is just due', annotations: since('2026-01-01T11:55:00Z'), paused: true, expected: running(0) },
  { name: 'it is long due', annotations: since('2025-01-01T00:00:00Z'), paused: true, expected: running(0) },
  {
    name: 'it was paused in the future: no longer than the period',
    annotations: since('2027-01-01T00:00:00Z'),
    paused: true,
    expected: running(300_000),
  },
  ...['', 'yesterday', '2026', '1767268800', 'null', '2026-13-45T99:99:99Z'].map(
    (at): Row => ({
      name: `paused at ${JSON.stringify(at)}, which is no time, is due`,
      annotations: since(at),
      paused: true,
      expected: running(0),
    }),
  ),
  {
    name: 'the period was taken away: it is due',
    annotations: { [PAUSED_AT]: NOW_TEXT },
    paused: true,
    expected: running(0),
  },
  {
    name: 'the period was spoilt: it is due',
    annotations: since(NOW_TEXT, 'soon'),
    paused: true,
    expected: running(0),
  },
  {
    name: 'the period was shortened: it is due sooner',
    annotations: since('2026-01-01T11:59:00Z', '1m30s'),
    paused: true,
    expected: running(30_000),
  },
  {
    name: 'a person has resumed it before it was due',
    annotations: since(NOW_TEXT),
    paused: false,
    expected: ENDED,
  },
  {
    name: 'a person has resumed it and taken the period away',
    annotations: { [PAUSED_AT]: NOW_TEXT },
    expected: ENDED,
  },
  { name: 'paused is no boolean', annotations: since(NOW_TEXT), paused: 'true', expected: ENDED },
];

for (const { name, kind = 'Deployment', annotations = {}, templateAnnotations = {}, paused, expected } of ROWS) {
  t.test(`pause: ${name}`, (t) => {
    const workload = { kind, annotations, template: { annotations: templateAnnotations, spec: undefined } };
    t.strictSame(pauseOf(workload, { raw: { spec: { paused } }, now: NOW, vocabulary: RELOADER }), expected);
    t.end();
  });
}

t.test('pause: annotations that are called otherwise are read under that name', (t) => {
  const vocabulary = { ...RELOADER, pausePeriod: 'example.com/period', pausedAt: 'example.com/at' };
  const annotations = {
    'example.com/period': '5m',
    'example.com/at': NOW_TEXT,
    ...since('2025-01-01T00:00:00Z', '1s'),
  };
  const workload = { kind: 'Deployment', annotations, template: { annotations: {}, spec: undefined } };
  t.strictSame(pauseOf(workload, { raw: { spec: { paused: true } }, now: NOW, vocabulary }), running(300_000));
  t.end();
});

t.test('pause: nothing lasts longer than its period, which is at most a week, whatever the annotations', (t) => {
  const text = fc.oneof(fc.string(), fc.constantFrom('5m', '168h', NOW_TEXT, '9999-12-31T23:59:59Z'));
  fc.assert(
    fc.property(text, text, fc.anything(), (period, at, raw) => {
      const workload = { kind: 'Deployment', annotations: since(at, period), template: { annotations: {}, spec: raw } };
      for (const object of [raw, { spec: { paused: true } }]) {
        const pause = pauseOf(workload, { raw: object, now: NOW, vocabulary: RELOADER });
        if (pause.pause === 'running' && !(pause.leftMs >= 0 && pause.leftMs <= 7 * 24 * 3_600_000)) return false;
      }
      return true;
    }),
  );
  t.end();
});
