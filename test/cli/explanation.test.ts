import t from 'tap';
import { logFields, sentence } from '../../cli/explanation.ts';
import type { Decision } from '../../core/decision.ts';
import type { ExplainedCause } from '../../core/history.ts';
import { REASONS } from '../../core/reason.ts';
import { indexedWorkload } from '../../watcher/indexed.ts';
import type { Told } from '../../watcher/told.ts';
import { DEPLOYMENT, workloadJson, workloadOf } from '../core/build.ts';
import { DECISION_CASES } from '../core/decision-cases.ts';
import { decideIn, runStep, stampedFor } from '../core/decision-run.ts';
import { APP, app, of } from '../core/decision-worlds.ts';
import { RULES } from '../watcher/look.ts';
import { sink } from './sink.ts';
import { rolloutOf } from './told.ts';

const workload = indexedWorkload(workloadOf(workloadJson({ spec: APP })), DEPLOYMENT, RULES);

const AT = '2030-01-01T00:00:00.000Z';

function rolled(...causes: readonly ExplainedCause[]): Told {
  const decision: Decision = { outcome: 'roll', reason: 'source-changed', causes };
  return { workload, decision, rollout: { by: 'stamp', causes, from: 'v1.old', to: 'v1.new', at: AT } };
}

t.test('a rollout is explained by what changed, who wrote it, and when', (t) => {
  const cause = { source: 'configmap/app', keys: ['LOG_LEVEL'], by: 'kubectl-edit', changedAt: '2026-01-02T03:04:05Z' };
  t.equal(
    sentence(rolled(cause as ExplainedCause)),
    'Rolled because configmap/app changed (LOG_LEVEL), written by kubectl-edit at 2026-01-02T03:04:05Z',
  );
  t.end();
});

t.test('what is not known is left out: the author, or which keys', (t) => {
  t.equal(
    sentence(rolled({ source: 'configmap/app', keys: ['a', 'b'] })),
    'Rolled because configmap/app changed (a, b)',
  );
  t.equal(sentence(rolled({ source: 'secret/db', keys: ['*'] })), 'Rolled because secret/db changed');
  t.end();
});

t.test('several causes are one sentence', (t) => {
  t.equal(
    sentence(rolled({ source: 'configmap/app', keys: ['a'] }, { source: 'secret/db', keys: ['*'] })),
    'Rolled because configmap/app changed (a), and secret/db changed',
  );
  t.end();
});

t.test('what is missing is named', (t) => {
  const decision: Decision = { outcome: 'keep', reason: 'source-gone', missing: ['secret/db#*', 'configmap/app#a'] };
  t.equal(sentence({ workload, decision }), `${REASONS['source-gone']} Missing: secret/db#*, configmap/app#a.`);
  t.end();
});

t.test('every other decision is the sentence of the catalogue', (t) => {
  for (const row of DECISION_CASES) {
    const { decision } = runStep(row, stampedFor(row.before));
    if (decision.outcome === 'roll' || 'missing' in decision) continue;
    t.equal(sentence({ workload, decision }), REASONS[row.expected.reason], row.name);
  }
  t.end();
});

t.test('the facts of a rollout are names, keys and stamps', (t) => {
  const causes = [{ source: 'configmap/app', keys: ['a'] }] as const;
  t.strictSame(logFields(rolled(...causes)), {
    kind: 'Deployment',
    namespace: 'shop',
    name: 'web',
    outcome: 'roll',
    reason: 'source-changed',
    by: 'stamp',
    causes,
    from: 'v1.old',
    to: 'v1.new',
  });
  t.end();
});

t.test('the facts of a decision that waits name what is missing', (t) => {
  const decision: Decision = { outcome: 'hold', reason: 'source-missing', missing: ['secret/db#*'] };
  t.match(logFields({ workload, decision }), { outcome: 'hold', missing: ['secret/db#*'] });
  t.end();
});

t.test('no digest of a record reaches a line of the log', (t) => {
  const decision = decideIn(of(APP, app('1')), { stamp: undefined, record: undefined, history: undefined });
  const { log, text } = sink();
  log.info(logFields({ workload, decision }), 'decided');
  const digests = decision.outcome === 'adopt' ? [...decision.record.parts.values()] : [];
  t.equal(digests.length, 1);
  for (const digest of digests) t.notMatch(text(), digest);
  t.notMatch(text(), 'record"');
  t.end();
});

for (const [waiting, words] of [
  ['paused', 'the rollout waits for its owner, who has paused it'],
  ['pause-period', 'the rollout waits for the end of the pause period'],
  ['on-delete', 'its pods have it once their owner deletes them (OnDelete)'],
] as const) {
  t.test(`a rollout that waits (${waiting}) is never told as done`, (t) => {
    t.equal(sentence(rolloutOf({ waiting })), `Stamped because configmap/app changed (a); ${words}`);
    t.match(logFields(rolloutOf({ waiting })), { by: 'stamp', waiting });
    t.end();
  });
}

t.test('each way of bringing a rollout about has words of its own', (t) => {
  const ways = ['stamp', 'restart', 'run-job', 'recreate', 'notify'] as const;
  const said = ways.map((by) => sentence(rolloutOf({ by })).replace(/ because.*/, ''));
  t.strictSame(said, ['Rolled', 'Restarted', 'Ran a Job', 'Created the Job again', 'Told the URL of --webhook-url']);
  t.strictSame(
    ways.map((by) => logFields(rolloutOf({ by })).by),
    ways,
  );
  t.end();
});

t.test('what a kind or a setting makes of a decision is the sentence of the catalogue', (t) => {
  for (const decision of [
    { outcome: 'hold', reason: 'min-interval' },
    { outcome: 'hold', reason: 'job-active' },
    { outcome: 'accept', reason: 'cronjob-suspended' },
    { outcome: 'report', reason: 'job-immutable' },
    { outcome: 'resume', reason: 'pause-over' },
    { outcome: 'release', reason: 'left-by-wave' },
  ] as const) {
    t.equal(sentence({ workload, decision }), REASONS[decision.reason]);
  }
  t.end();
});
