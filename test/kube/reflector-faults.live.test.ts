/**
 * The reflector on a bad day, fault by fault: a real API server, and before it a proxy that breaks what it is told to.
 * After each, what is mirrored is what the API server has; how often everything was listed says what it cost.
 */
import { readFile } from 'node:fs/promises';
import t, { type Test } from 'tap';
import { CONFIG_MAPS } from '../../kube/path.ts';
import { startCluster } from '../cluster/cluster.ts';
import { eventually } from '../cluster/deadline.ts';
import { difference, type Match, type Rule, startFaultProxy } from '../faults/proxy.ts';
import { Hands, transportTo } from './live.ts';
import { type Mirror, startMirror, transportBy, until } from './mirror.ts';

// A first run builds the programs of the control plane.
t.setTimeout(1_800_000);

const cluster = await startCluster({ name: 'faults' });
t.teardown(() => cluster.stop());
const truth = transportTo(cluster);
t.teardown(() => truth.close());
const ca = await readFile(`${cluster.directory}/certificates/apiserver.crt`, 'utf8');
const proxy = await startFaultProxy({ server: cluster.server, ca });
t.teardown(() => proxy.close());
const kubeconfig = await proxy.kubeconfigFor(cluster.kubeconfig);

const WATCH: Match = { query: { watch: 'true' } };
const STREAMING_LIST: Match = { query: { sendInitialEvents: 'true' } };
const WATCH_FROM_A_PLACE: Match = { query: { watch: 'true', resourceVersion: true } };
const PAGE: Match = { query: { limit: true } };

let namespaces = 0;

/** A namespace with two ConfigMaps, and hands in it. */
async function setUp() {
  namespaces += 1;
  const namespace = `faults-${namespaces}`;
  const hands = new Hands(truth, namespace);
  await hands.makeNamespace();
  await hands.configMap('changed', { a: '1' });
  await hands.configMap('gone', { a: '1' });
  // Everybody's, and it comes a moment after its namespace.
  await until('the root certificate', async () =>
    truth.request({ method: 'GET', path: `/api/v1/namespaces/${namespace}/configmaps/kube-root-ca.crt` }).then(Boolean),
  );
  return { namespace, hands };
}

/** One of each: a change, an object that comes, one that goes. */
async function changeAll(hands: Hands): Promise<void> {
  await hands.change(CONFIG_MAPS, 'changed', { data: { a: crypto.randomUUID() } });
  await hands.configMap('new', { a: '1' });
  await hands.remove(CONFIG_MAPS, 'gone');
}

async function start(t: Test, namespace: string): Promise<Mirror> {
  t.teardown(() => proxy.script([]));
  return startMirror(t, { resource: CONFIG_MAPS, namespace }, transportBy(kubeconfig));
}

interface Case {
  readonly rules: readonly Rule[];
  /** What each interruption says, in order; others may follow. */
  readonly causes?: readonly RegExp[];
  /** How everything was listed, from the start on. */
  readonly lists: readonly string[];
  readonly injected: object;
}

/** The next line meets a reset, so that the watch has to be opened again. */
const THEN: Rule = { match: WATCH, fault: { type: 'reset' }, times: 1 };

/** What happens to a watch that was in sync. */
const ON_WATCHES: Readonly<Record<string, Case>> = {
  'a connection that is reset in the middle of a line is taken up from the last whole line': {
    rules: [{ fault: { type: 'reset', midLine: true }, times: 2, after: 1 }],
    causes: [/ECONNRESET/, /ECONNRESET/],
    lists: ['stream'],
    injected: { reset: 2 },
  },
  'half a line of JSON at the end is not taken for an event': {
    rules: [{ fault: { type: 'half-line' }, times: 2 }],
    // On a busy machine the silence behind the half line can be noticed before its end.
    causes: [/ended empty|silent for too long/],
    lists: ['stream'],
    injected: { 'half-line': 2 },
  },
  'a line that is no JSON ends the watch, and nothing behind it is lost': {
    rules: [{ fault: { type: 'garbage' }, times: 1 }],
    causes: [/no watch event/],
    lists: ['stream'],
    injected: { garbage: 1 },
  },
  'a watch that falls silent, without a byte and a bookmark, is given up and opened again': {
    rules: [{ fault: { type: 'stall' }, times: 1 }],
    causes: [/silent for too long/],
    lists: ['stream'],
    injected: { stall: 1 },
  },
  '410 as an ERROR event is answered with a new list': {
    rules: [{ fault: { type: 'error-event', code: 410, reason: 'Expired' }, times: 1 }],
    causes: [/410 Expired/],
    lists: ['stream', 'stream'],
    injected: { 'error-event': 1 },
  },
  'another ERROR event costs no list': {
    rules: [{ fault: { type: 'error-event', code: 500, reason: 'InternalError' }, times: 1 }],
    causes: [/500 InternalError/],
    lists: ['stream'],
    injected: { 'error-event': 1 },
  },
  '410 on a watch is answered with a new list': {
    rules: [THEN, { match: WATCH_FROM_A_PLACE, fault: { type: 'answer', status: 410, reason: 'Expired' }, times: 1 }],
    causes: [/ECONNRESET/, /410 Expired/],
    lists: ['stream', 'stream'],
    injected: { reset: 1, answer: 1 },
  },
  '410 on the list that follows is answered with another': {
    rules: [
      { fault: { type: 'error-event', code: 410, reason: 'Expired' }, times: 1 },
      { match: STREAMING_LIST, fault: { type: 'answer', status: 410, reason: 'Expired' }, times: 2 },
    ],
    causes: [/410/, /410/, /410/],
    lists: ['stream', 'stream'],
    injected: { 'error-event': 1, answer: 2 },
  },
  'a storm of 500 and 503 is waited out': {
    rules: [
      THEN,
      { fault: { type: 'answer', status: 500, reason: 'InternalError' }, times: 4 },
      { fault: { type: 'answer', status: 503 }, times: 4 },
    ],
    causes: [/ECONNRESET/, /500/, /500/, /500/, /500/, /503/, /503/, /503/, /503/],
    lists: ['stream'],
    injected: { reset: 1, answer: 8 },
  },
  'connections that are reset before an answer are tried again': {
    rules: [THEN, { fault: { type: 'refuse' }, times: 5 }],
    causes: [/ECONNRESET/, /ECONNRESET/],
    lists: ['stream'],
    injected: { reset: 1, refuse: 5 },
  },
  'events that come late come all the same': {
    rules: [{ fault: { type: 'delay', ms: 1_000 }, times: 2 }],
    causes: [],
    lists: ['stream'],
    injected: { delay: 2 },
  },
};

for (const [name, { rules, causes = [], lists, injected }] of Object.entries(ON_WATCHES)) {
  t.test(name, async (t) => {
    const { namespace, hands } = await setUp();
    const mirror = await start(t, namespace);
    const before = proxy.stats.faults;
    proxy.script(rules);
    await changeAll(hands);
    // An event each, so that rules that wait for a line have one.
    await hands.change(CONFIG_MAPS, 'new', { data: { a: '2' } });
    await mirror.agrees(truth);
    // What ends a watch may be noticed a moment after its last event has come.
    await eventually(async () => mirror.interruptions.length >= causes.length || undefined, {
      what: `${causes.length} interruptions`,
      deadlineMs: 30_000,
    });
    for (const [index, wanted] of causes.entries()) t.match(mirror.interruptions[index]?.cause, wanted);
    t.strictSame(mirror.lists, lists);
    t.strictSame(difference(before, proxy.stats.faults), injected);
  });
}

t.test('429 with Retry-After is obeyed', async (t) => {
  const { namespace, hands } = await setUp();
  const mirror = await start(t, namespace);
  const fault = { type: 'answer', status: 429, reason: 'TooManyRequests', retryAfterSeconds: 2 } as const;
  proxy.script([THEN, { match: WATCH, fault, times: 2 }]);
  await changeAll(hands);
  await mirror.agrees(truth);
  const waits = mirror.interruptions.filter(({ cause }) => cause.includes('429')).map(({ retryInMs }) => retryInMs);
  t.equal(waits.length, 2);
  t.ok(waits.every((ms) => ms >= 2_000));
  t.strictSame(mirror.lists, ['stream']);
});

/** What happens before a reflector is in sync. */
const ON_LISTS: Readonly<Record<string, Omit<Case, 'injected'>>> = {
  'a streaming list that is refused with 400 is replaced by pages': {
    rules: [{ match: STREAMING_LIST, fault: { type: 'answer', status: 400, reason: 'BadRequest' } }],
    causes: [/400/],
    lists: ['pages'],
  },
  'a streaming list that is refused with 422 is replaced by pages': {
    rules: [{ match: STREAMING_LIST, fault: { type: 'answer', status: 422, reason: 'Invalid' } }],
    causes: [/422/],
    lists: ['pages'],
  },
  'a streaming list that breaks off is replaced by pages': {
    rules: [{ match: STREAMING_LIST, fault: { type: 'reset', midLine: true }, times: 1 }],
    causes: [/ECONNRESET/],
    lists: ['pages'],
  },
  'without any bookmark a list is complete all the same, by pages': {
    rules: [{ match: { event: { type: 'BOOKMARK' } }, fault: { type: 'drop' } }],
    causes: [/silent for too long/],
    lists: ['pages'],
  },
  'pages that break are begun again': {
    rules: [
      { match: STREAMING_LIST, fault: { type: 'answer', status: 422 } },
      { match: PAGE, fault: { type: 'lose-answer' }, times: 1 },
      { match: PAGE, fault: { type: 'answer', status: 503 }, times: 2 },
      { match: PAGE, fault: { type: 'answer', status: 410, reason: 'Expired' }, times: 1 },
    ],
    causes: [/422/],
    lists: ['pages'],
  },
};

for (const [name, { rules, causes = [], lists }] of Object.entries(ON_LISTS)) {
  t.test(name, async (t) => {
    const { namespace, hands } = await setUp();
    proxy.script(rules);
    const mirror = await start(t, namespace);
    await mirror.agrees(truth);
    // What ends a watch may be noticed a moment after its last event has come.
    await eventually(async () => mirror.interruptions.length >= causes.length || undefined, {
      what: `${causes.length} interruptions`,
      deadlineMs: 30_000,
    });
    for (const [index, wanted] of causes.entries()) t.match(mirror.interruptions[index]?.cause, wanted);
    t.strictSame(mirror.lists, lists);
    await changeAll(hands);
    await mirror.agrees(truth);
    t.strictSame(mirror.lists, lists, 'and watched from then on');
  });
}

t.test('without bookmarks a quiet watch is opened again from its place, and nothing is listed for it', async (t) => {
  const { namespace, hands } = await setUp();
  const mirror = await start(t, namespace);
  proxy.script([{ match: { event: { type: 'BOOKMARK' } }, fault: { type: 'drop' } }]);
  await mirror.interrupted(/silent for too long/);
  await changeAll(hands);
  await mirror.agrees(truth);
  t.strictSame(mirror.lists, ['stream']);
});

t.test('an event that is skipped is made good by the next of its object', async (t) => {
  const { namespace, hands } = await setUp();
  const mirror = await start(t, namespace);
  proxy.script([{ match: { event: { type: 'MODIFIED', name: 'changed' } }, fault: { type: 'drop' }, times: 1 }]);
  await hands.change(CONFIG_MAPS, 'changed', { data: { a: '2' } });
  await hands.change(CONFIG_MAPS, 'changed', { data: { a: '3' } });
  await mirror.agrees(truth);
});

t.test('an object that is deleted and made again under its name, unseen, is another one', async (t) => {
  const { namespace, hands } = await setUp();
  const mirror = await start(t, namespace);
  const before = mirror.contents().changed;
  proxy.script([{ match: { event: { type: 'DELETED', name: 'changed' } }, fault: { type: 'drop' }, times: 1 }]);
  await hands.remove(CONFIG_MAPS, 'changed');
  await hands.configMap('changed', { a: '1' });
  await mirror.agrees(truth);
  t.not(mirror.contents().changed?.split(' ')[0], before?.split(' ')[0]);
  t.strictSame(mirror.lists, ['stream']);
});

t.test('health tells that a watch has been down for a minute, and that it is up again', async (t) => {
  const { namespace, hands } = await setUp();
  const mirror = await start(t, namespace);
  t.equal(mirror.health.fault(), undefined);
  proxy.script([{ fault: { type: 'refuse' } }]);
  proxy.cut();
  await until('it being told', async () => mirror.health.fault() !== undefined);
  t.match(mirror.health.fault(), `no watch of /api/v1/namespaces/${namespace}/configmaps for`);
  await changeAll(hands);
  proxy.script([]);
  await until('it being up', async () => mirror.health.fault() === undefined);
  await mirror.agrees(truth);
});
