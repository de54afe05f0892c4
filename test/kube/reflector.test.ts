/**
 * The reflector against a scripted transport. It shows the faults that a real API server cannot be made to show on
 * demand, in an order of our choosing and without waiting; what one does show is in reflector.live.test.ts.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import t, { type Test } from 'tap';
import type { JsonObject } from '../../core/json.ts';
import { type ObjectMetadata, parseMetadata } from '../../kube/metadata.ts';
import { Reflector, type ReflectorOptions, type Sink } from '../../kube/reflector.ts';
import { FakeClock, settled } from './fake-clock.ts';
import { type Answer, breaks, ends, fails, page, raw, refuses, ScriptedTransport, stays } from './script.ts';

const PATH = '/api/v1/secrets';

/** Two and a half minutes: two of the API server's bookmark periods and some. */
const SILENCE_MS = 150_000;

/** How long a streaming list may take. */
const LIST_MS = 60_000;

function object(name: string, resourceVersion: string): JsonObject {
  return { metadata: { namespace: 'shop', name, resourceVersion } };
}

function event(type: string, content: JsonObject): string {
  return JSON.stringify({ type, object: content });
}

const added = (name: string, version = '1'): string => event('ADDED', object(name, version));
const deleted = (name: string, version: string): string => event('DELETED', object(name, version));
const bookmark = (resourceVersion: string): string => event('BOOKMARK', { metadata: { resourceVersion } });
const listEnd = (resourceVersion: string): string =>
  event('BOOKMARK', { metadata: { resourceVersion, annotations: { 'k8s.io/initial-events-end': 'true' } } });
const errorEvent = (code: number, reason: string): string => event('ERROR', { kind: 'Status', code, reason });

/** How long pages are asked for where a streaming list does not work. */
const HOUR_MS = 3_600_000;

interface Run {
  readonly reflector: Reflector<ObjectMetadata>;
  readonly transport: ScriptedTransport;
  readonly clock: FakeClock;
  /** What the sink was told: `begin`, `+name`, `-name`, `complete`. */
  readonly told: string[];
  readonly interruptions: { cause: string; retryInMs: number }[];
  readonly synced: { objects: number; how: string }[];
  readonly states: string[];
  readonly heard: string[];
  /** The versions from which a watch was asked for; `list` and `page` are asked for without. */
  readonly asked: () => readonly string[];
  readonly stop: () => Promise<void>;
}

type Overrides = Partial<Pick<ReflectorOptions<ObjectMetadata>, 'metadataOnly' | 'query' | 'parse'>>;

/** Runs a reflector by a script until the test ends. */
async function run(t: Test, answers: readonly Answer[], options: Overrides = {}): Promise<Run> {
  const transport = new ScriptedTransport(...answers);
  const clock = new FakeClock(1);
  const told: string[] = [];
  const facts = { told, interruptions: [], synced: [], states: [], heard: [] } as Pick<
    Run,
    'told' | 'interruptions' | 'synced' | 'states' | 'heard'
  >;
  const reflector = new Reflector<ObjectMetadata>({
    resource: 'secrets',
    path: PATH,
    metadataOnly: true,
    parse: parseMetadata,
    ...options,
    sink: sinkInto(told),
    transport,
    clock,
    events: {
      synced: ({ objects, how }) => facts.synced.push({ objects, how }),
      interrupted: ({ cause, retryInMs }) => facts.interruptions.push({ cause, retryInMs }),
      state: ({ state }) => facts.states.push(state),
      heard: ({ type }) => facts.heard.push(type),
    },
  });
  const controller = new AbortController();
  const running = reflector.run(controller.signal);
  const stop = async (): Promise<void> => {
    controller.abort();
    await running;
  };
  t.teardown(stop);
  await settled();
  return { ...facts, reflector, transport, clock, asked: () => transport.queries.map(place), stop };
}

function sinkInto(told: string[]): Sink<ObjectMetadata> {
  return {
    begin: () => told.push('begin'),
    applied: ({ name }) => told.push(`+${name}`),
    deleted: ({ name }) => told.push(`-${name}`),
    complete: () => told.push('complete'),
  };
}

function place(query: Readonly<Record<string, string>>): string {
  if (query.watch === undefined) return 'page';
  return query.sendInitialEvents === 'true' ? 'list' : (query.resourceVersion ?? 'no place');
}

t.test('a streaming list is complete exactly once, with every object before it', async (t) => {
  const { told, synced, states } = await run(t, [stays(added('a'), added('b'), listEnd('9'), added('c', '10'))]);
  t.strictSame(told, ['begin', '+a', '+b', 'complete', '+c']);
  t.strictSame(synced, [{ objects: 2, how: 'stream' }]);
  t.strictSame(states, ['listing', 'watching']);
});

t.test('a collection without objects is complete too', async (t) => {
  const { told, reflector } = await run(t, [stays(listEnd('9'))]);
  await reflector.synced;
  t.strictSame(told, ['begin', 'complete']);
});

t.test('a reflector is not in sync before its list is complete', async (t) => {
  const { reflector, told } = await run(t, [stays(added('a'), bookmark('8'))]);
  const first = await Promise.race([reflector.synced.then(() => 'synced'), settled().then(() => 'not yet')]);
  t.equal(first, 'not yet');
  t.strictSame(told, ['begin', '+a']);
});

t.test('a streaming list asks for what KEP-3157 wants, for bookmarks, and for an end', async (t) => {
  const { transport } = await run(t, [stays()], { query: { fieldSelector: 'type!=x' } });
  t.strictSame(transport.queries, [
    {
      fieldSelector: 'type!=x',
      sendInitialEvents: 'true',
      resourceVersionMatch: 'NotOlderThan',
      watch: 'true',
      allowWatchBookmarks: 'true',
      timeoutSeconds: '600',
    },
  ]);
  t.equal(transport.requests[0]?.path, PATH);
});

for (const [metadataOnly, accept] of [
  [true, 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1'],
  [false, 'application/json'],
] as const) {
  t.test(`with metadataOnly ${metadataOnly} a watch accepts ${accept} and nothing else`, async (t) => {
    const { transport } = await run(t, [stays()], { metadataOnly });
    t.equal(transport.requests[0]?.accept, accept);
  });
}

t.test('a watch that the server ends is taken up where it was, without a list and without a wait', async (t) => {
  const { told, asked, interruptions } = await run(t, [
    ends(added('a'), listEnd('9')),
    ends(added('b', '10'), deleted('a', '11')),
    stays(),
  ]);
  t.strictSame(asked(), ['list', '9', '11']);
  t.strictSame(told, ['begin', '+a', 'complete', '+b', '-a']);
  t.strictSame(interruptions, []);
});

t.test('a bookmark moves the place on and tells the sink nothing', async (t) => {
  const { told, asked } = await run(t, [ends(listEnd('9')), ends(bookmark('50')), stays()]);
  t.strictSame(asked(), ['list', '9', '50']);
  t.strictSame(told, ['begin', 'complete']);
});

t.test('a bookmark during the list is no place to return to', async (t) => {
  const { asked, clock } = await run(t, [
    breaks(added('a'), bookmark('5')),
    page([], { resourceVersion: '6' }),
    stays(),
  ]);
  await clock.advance(200);
  t.strictSame(asked(), ['list', 'page', '6']);
});

t.test('a later version of the place is kept, even if it is not a number', async (t) => {
  const { asked } = await run(t, [ends(listEnd('opaque-1')), ends(bookmark('opaque-2')), stays()]);
  t.strictSame(asked(), ['list', 'opaque-1', 'opaque-2']);
});

t.test('an object that cannot be read is passed over, and the place moves on all the same', async (t) => {
  const nameless = event('ADDED', { metadata: { resourceVersion: '12' } });
  const { told, asked } = await run(t, [ends(listEnd('9')), ends(nameless), stays()]);
  t.strictSame(told, ['begin', 'complete']);
  t.strictSame(asked(), ['list', '9', '12']);
});

for (const [how, answer] of [
  ['410 when the watch is opened', refuses(410, 'Expired')],
  ['410 as an event', ends(errorEvent(410, 'Expired'))],
  ['410 as an event after others', ends(added('b', '10'), errorEvent(410, 'Gone'))],
] as const) {
  t.test(`${how} is answered with a new list`, async (t) => {
    const { asked, told, synced, clock } = await run(t, [
      ends(added('a'), listEnd('9')),
      answer,
      stays(added('c'), listEnd('90')),
    ]);
    await clock.advance(30_000);
    t.strictSame(asked(), ['list', '9', 'list']);
    t.strictSame(told.slice(-3), ['begin', '+c', 'complete']);
    t.equal(synced.length, 2);
  });
}

t.test('another error as an event is no reason for a new list', async (t) => {
  const { asked, interruptions, clock } = await run(t, [
    ends(listEnd('9')),
    ends(added('a', '10'), errorEvent(500, 'InternalError')),
    stays(),
  ]);
  await clock.advance(200);
  t.strictSame(asked(), ['list', '9', '10']);
  t.strictSame(interruptions, [{ cause: 'watch secrets: 500 InternalError', retryInMs: 200 }]);
});

for (const status of [400, 422]) {
  t.test(
    `a server that answers a streaming list with ${status} is asked for pages, then and for an hour`,
    async (t) => {
      const { asked, told, synced, transport, clock } = await run(t, [
        refuses(status, 'Invalid'),
        page([object('a', '1'), object('b', '2')], { resourceVersion: '9' }),
        refuses(410, 'Expired'),
        page([object('b', '2')], { resourceVersion: '20' }),
        stays(),
      ]);
      await clock.advance(30_000);
      t.strictSame(asked(), ['list', 'page', '9', 'page', '20']);
      t.strictSame(told, ['begin', 'begin', '+a', '+b', 'complete', 'begin', '+b', 'complete']);
      t.strictSame(synced, [
        { objects: 2, how: 'pages' },
        { objects: 1, how: 'pages' },
      ]);
      t.match(transport.requests[1]?.accept, 'as=PartialObjectMetadataList');
    },
  );
}

t.test('an hour after a streaming list was refused it is tried again: API servers are upgraded', async (t) => {
  const { asked, clock } = await run(t, [
    refuses(422),
    page([], { resourceVersion: '9' }),
    // Each is silent after its bookmark until the watchdog ends it: together they last for an hour.
    ...Array.from({ length: HOUR_MS / SILENCE_MS }, () => stays(bookmark('10'))),
    refuses(410),
    stays(listEnd('20')),
  ]);
  await clock.advance(HOUR_MS + 10_000);
  t.strictSame(asked().slice(-3), ['10', '10', 'list']);
});

for (const status of [400, 404, 422]) {
  t.test(`${status} on a watch from a place is answered with a new list, by streaming yet`, async (t) => {
    const { asked, clock } = await run(t, [ends(listEnd('9')), refuses(status), stays()]);
    await clock.advance(200);
    t.strictSame(asked(), ['list', '9', 'list']);
  });
}

t.test('a kind that is removed and installed again is listed anew: 404, then 429 for a second', async (t) => {
  const { told, asked, interruptions, clock } = await run(t, [
    ends(added('a'), listEnd('9')),
    refuses(404, 'NotFound'),
    refuses(404, 'NotFound'),
    refuses(429, 'TooManyRequests', 1_000),
    stays(listEnd('30')),
  ]);
  await clock.advance(30_000);
  t.strictSame(asked(), ['list', '9', 'list', 'list', 'list']);
  t.strictSame(told.slice(-2), ['begin', 'complete'], 'what was there before is not any more');
  t.strictSame(
    interruptions.map(({ retryInMs }) => retryInMs),
    [200, 400, 1_800],
  );
});

t.test('a streaming list that breaks off is followed by pages, which get on bit by bit', async (t) => {
  const { told, asked, clock } = await run(t, [
    breaks(added('a')),
    page([object('a', '1')], { resourceVersion: '9' }),
    stays(),
  ]);
  await clock.advance(200);
  t.strictSame(asked(), ['list', 'page', '9']);
  t.strictSame(told, ['begin', '+a', 'begin', '+a', 'complete']);
});

for (const [what, answer] of [
  ['nobody answers', fails('ECONNREFUSED')],
  ['the server has no time', refuses(503)],
] as const) {
  t.test(`a streaming list where ${what} is asked for again as it is`, async (t) => {
    const { asked, clock } = await run(t, [answer, stays()]);
    await clock.advance(200);
    t.strictSame(asked(), ['list', 'list']);
  });
}

t.test('a streaming list without its last bookmark is given up after a minute, and pages are asked for', async (t) => {
  const { told, asked, synced, clock } = await run(t, [
    stays(added('a')),
    page([object('a', '1')], { resourceVersion: '9' }),
    stays(),
  ]);
  await clock.advance(LIST_MS - 1);
  t.strictSame(asked(), ['list']);
  await clock.advance(1 + 200);
  t.strictSame(asked(), ['list', 'page', '9']);
  t.strictSame(told, ['begin', '+a', 'begin', '+a', 'complete']);
  t.strictSame(synced, [{ objects: 1, how: 'pages' }]);
});

t.test('so is one on which changes come all the time', async (t) => {
  const transport = new ScriptedTransport();
  const clock = new FakeClock(1);
  transport.stream = async function* (request) {
    transport.requests.push(request);
    request.onOpen?.();
    for (let n = 0; !request.signal?.aborted; n += 1) {
      yield Buffer.from(`${added('a', String(n))}\n`);
      await clock.sleep(1_000, request.signal);
    }
    throw new Error('aborted');
  };
  const controller = new AbortController();
  const running = new Reflector({
    ...{ resource: 'secrets', path: PATH, metadataOnly: true, parse: parseMetadata, sink: sinkInto([]) },
    ...{ transport, clock, events: { synced: () => {}, state: () => {}, interrupted: () => {} } },
  }).run(controller.signal);
  transport.request = async (request) => {
    transport.requests.push(request);
    return { items: [], metadata: { resourceVersion: '9' } };
  };
  await clock.advance(LIST_MS + 200);
  t.strictSame(transport.queries.map(place), ['list', 'page', '9']);
  controller.abort();
  await running;
});

t.test('without bookmarks a quiet watch is opened again from its place, and nothing is listed', async (t) => {
  const { told, asked, clock } = await run(t, [
    refuses(422),
    page([object('a', '1')], { resourceVersion: '9' }),
    stays(),
    stays(added('b', '10')),
    stays(),
  ]);
  await clock.advance(2 * (SILENCE_MS + 400));
  t.strictSame(asked().slice(0, 5), ['list', 'page', '9', '9', '10']);
  t.strictSame(told, ['begin', 'begin', '+a', 'complete', '+b']);
});

t.test('an answer that is no list is not taken for an empty one', async (t) => {
  const { told, interruptions, clock } = await run(t, [
    refuses(422),
    raw('{"message":"please log in"}'),
    page([object('a', '1')], { resourceVersion: '9' }),
    stays(),
  ]);
  await clock.advance(30_000);
  t.strictSame(told, ['begin', 'begin', 'begin', '+a', 'complete']);
  t.equal(interruptions[1]?.cause, `GET ${PATH}: no answer not a list`);
});

t.test('the bookmark that ends a list ends it once', async (t) => {
  const { told, synced, interruptions } = await run(t, [stays(added('a'), listEnd('9'), listEnd('10'), added('b'))]);
  t.strictSame(told, ['begin', '+a', 'complete', '+b']);
  t.equal(synced.length, 1);
  t.strictSame(interruptions, []);
});

t.test('lists that are forgotten as soon as they are complete are waited for longer and longer', async (t) => {
  const storm = Array.from({ length: 4 }, () => [ends(added('a'), listEnd('9')), refuses(410, 'Expired')]).flat();
  const { interruptions, clock } = await run(t, [...storm, stays()]);
  await clock.advance(30_000);
  t.strictSame(
    interruptions.map(({ retryInMs }) => retryInMs),
    [200, 400, 800, 1_600],
  );
});

t.test('a clock that jumps, forward or back, changes nothing', async (t) => {
  const { asked, interruptions, clock } = await run(t, [stays(listEnd('9')), stays()]);
  await clock.advance(SILENCE_MS / 2);
  clock.jump(365 * 86_400_000);
  await clock.advance(SILENCE_MS / 4);
  clock.jump(-2 * 365 * 86_400_000);
  await clock.advance(SILENCE_MS / 4 - 1);
  t.strictSame(interruptions, []);
  await clock.advance(1 + 200);
  t.strictSame(asked(), ['list', '9'], 'the silence was measured all the same');
});

t.test('what comes on a watch is told, and what comes with a list is not', async (t) => {
  const { heard } = await run(t, [
    stays(added('a'), listEnd('9'), added('b', '10'), deleted('a', '11'), bookmark('12')),
  ]);
  t.strictSame(heard, ['applied', 'deleted', 'bookmark']);
});

t.test('pages are asked for until the last, and the list is complete once', async (t) => {
  const { transport, told, clock, asked } = await run(t, [
    refuses(422),
    page([object('a', '1')], { resourceVersion: '9', continue: 'first' }),
    page([object('b', '2')], { resourceVersion: '9', continue: 'second' }),
    page([], { resourceVersion: '9', continue: '' }),
    stays(),
  ]);
  await clock.advance(200);
  t.strictSame(transport.queries.slice(1, 4), [
    { limit: '500' },
    { limit: '500', continue: 'first' },
    { limit: '500', continue: 'second' },
  ]);
  t.strictSame(told, ['begin', 'begin', '+a', '+b', 'complete']);
  t.equal(asked().at(-1), '9');
});

t.test('pages whose token has expired begin again from the first', async (t) => {
  const { transport, told, clock } = await run(t, [
    refuses(422),
    page([object('a', '1')], { resourceVersion: '9', continue: 'first' }),
    refuses(410, 'Expired'),
    page([object('b', '2')], { resourceVersion: '12' }),
    stays(),
  ]);
  await clock.advance(30_000);
  t.strictSame(transport.queries[3], { limit: '500' });
  t.strictSame(told, ['begin', 'begin', '+a', 'begin', '+b', 'complete']);
});

t.test('half a line at the end is not an event', async (t) => {
  const { told, asked } = await run(t, [
    ends(listEnd('9')),
    raw(`${added('a', '10')}\n`, added('b', '11').slice(0, -3)),
    stays(),
  ]);
  t.strictSame(told, ['begin', 'complete', '+a']);
  t.strictSame(asked(), ['list', '9', '10']);
});

t.test('a whole line without its end is not an event either', async (t) => {
  const { told } = await run(t, [ends(listEnd('9')), raw(added('a', '10')), stays()]);
  t.strictSame(told, ['begin', 'complete']);
});

t.test('a line that is not JSON is not passed over: the watch begins again from the last place', async (t) => {
  const { told, asked, interruptions, clock } = await run(t, [
    ends(listEnd('9')),
    stays(added('a', '10'), '<html>', added('b', '11')),
    stays(added('b', '11')),
  ]);
  t.strictSame(interruptions, [{ cause: 'watch secrets: no answer a line that is no watch event', retryInMs: 200 }]);
  await clock.advance(200);
  t.strictSame(asked(), ['list', '9', '10']);
  t.strictSame(told, ['begin', 'complete', '+a', '+b']);
});

t.test('the wait grows with each failure in a row, up to half a minute', async (t) => {
  const refused = Array.from({ length: 10 }, () => fails('ECONNREFUSED'));
  const { interruptions, clock } = await run(t, [ends(listEnd('9')), ...refused, stays()]);
  await clock.advance(300_000);
  const waits = interruptions.slice(0, 10).map(({ retryInMs }) => retryInMs);
  t.strictSame(waits, [200, 400, 800, 1_600, 3_200, 6_400, 12_800, 25_600, 30_000, 30_000]);
  t.match(interruptions[0]?.cause, 'ECONNREFUSED');
});

for (const [what, line] of [
  ['an event', added('a', '10')],
  ['a bookmark', bookmark('10')],
] as const) {
  t.test(`${what} is progress: the wait is short again`, async (t) => {
    const { interruptions, clock } = await run(t, [
      ends(listEnd('9')),
      fails('ECONNREFUSED'),
      fails('ECONNREFUSED'),
      breaks(line),
      stays(),
    ]);
    await clock.advance(30_000);
    t.strictSame(
      interruptions.map(({ retryInMs }) => retryInMs),
      [200, 400, 200],
    );
  });
}

t.test('a connection that opens is not progress', async (t) => {
  const { interruptions, clock } = await run(t, [ends(listEnd('9')), breaks(), breaks(), breaks(), stays()]);
  await clock.advance(30_000);
  t.strictSame(
    interruptions.map(({ retryInMs }) => retryInMs),
    [200, 400, 800],
  );
});

t.test('a list that breaks off again and again is waited for longer and longer', async (t) => {
  const { interruptions, clock } = await run(t, [breaks(added('a')), breaks(added('a')), breaks(added('a')), stays()]);
  await clock.advance(30_000);
  t.strictSame(
    interruptions.map(({ retryInMs }) => retryInMs),
    [200, 400, 800],
  );
});

t.test('chance makes the wait shorter, so that clients do not come back together', async (t) => {
  const { interruptions, clock } = await run(t, [ends(listEnd('9')), stays(bookmark('10'))]);
  clock.chance = 0.25;
  await clock.advance(SILENCE_MS);
  t.equal(interruptions[0]?.retryInMs, 50);
});

t.test('a server that asks to wait is waited for', async (t) => {
  const { asked, interruptions, clock } = await run(t, [refuses(429, 'TooManyRequests', 7_000), stays()]);
  t.equal(interruptions[0]?.retryInMs, 7_200, 'and a bit, so that not everybody comes at once');
  await clock.advance(7_199);
  t.equal(asked().length, 1);
  await clock.advance(1);
  t.equal(asked().length, 2);
});

t.test('a server that asks to wait for a day is asked again within a minute and a half', async (t) => {
  const failures = Array.from({ length: 8 }, () => fails('ECONNREFUSED'));
  const { interruptions, clock } = await run(t, [...failures, refuses(503, '', 86_400_000), stays()]);
  await clock.advance(300_000);
  t.equal(interruptions[8]?.retryInMs, 90_000);
});

for (const status of [500, 503]) {
  t.test(`a storm of ${status} is waited out, and the watch goes on from its place`, async (t) => {
    const storm = Array.from({ length: 12 }, () => refuses(status, 'InternalError'));
    const { told, asked, interruptions, clock } = await run(t, [ends(listEnd('9')), ...storm, stays(added('a', '10'))]);
    await clock.advance(300_000);
    t.strictSame(asked(), ['list', ...Array.from({ length: 13 }, () => '9')]);
    t.strictSame(told, ['begin', 'complete', '+a']);
    t.equal(interruptions.length, 12);
  });
}

t.test('a watch that ends empty is not opened again in a loop', async (t) => {
  const { asked, interruptions } = await run(t, [ends(listEnd('9')), ends(), ends(), ends(), ends(), stays()]);
  t.strictSame(asked(), ['list', '9']);
  t.match(interruptions, [{ cause: /ended empty/, retryInMs: 200 }]);
});

t.test('a list that ends before it is complete is not opened again in a loop, though it brought objects', async (t) => {
  const { asked, interruptions, clock } = await run(t, [ends(added('a')), fails('ECONNREFUSED'), stays()]);
  t.strictSame(asked(), ['list']);
  await clock.advance(200);
  t.strictSame(asked(), ['list', 'page']);
  t.match(interruptions[0]?.cause, /ended before the list was complete/);
});

t.test('silence ends a watch, which goes on from its place', async (t) => {
  const { asked, interruptions, clock } = await run(t, [stays(listEnd('9')), stays()]);
  await clock.advance(SILENCE_MS - 1);
  t.strictSame(asked(), ['list']);
  await clock.advance(1);
  t.match(interruptions, [{ cause: 'watch secrets: no answer silent for too long' }]);
  await clock.advance(200);
  t.strictSame(asked(), ['list', '9']);
});

t.test('whatever comes, half a line even, is a sign of life', async (t) => {
  const chunks = Promise.withResolvers<void>();
  const transport = new ScriptedTransport();
  const clock = new FakeClock(1);
  transport.stream = async function* (request) {
    transport.requests.push(request);
    yield Buffer.from(`${listEnd('9')}\n`);
    await chunks.promise;
    yield Buffer.from('{"type":');
    await new Promise((_, reject) => request.signal?.addEventListener('abort', () => reject(new Error('aborted'))));
  };
  const controller = new AbortController();
  const interruptions: string[] = [];
  const running = new Reflector({
    resource: 'secrets',
    path: PATH,
    metadataOnly: true,
    parse: parseMetadata,
    sink: sinkInto([]),
    transport,
    clock,
    events: { synced: () => {}, state: () => {}, interrupted: ({ cause }) => interruptions.push(cause) },
  }).run(controller.signal);
  await clock.advance(SILENCE_MS - 1);
  chunks.resolve();
  await settled();
  await clock.advance(SILENCE_MS - 1);
  t.strictSame(interruptions, []);
  await clock.advance(1);
  t.equal(interruptions.length, 1);
  controller.abort();
  await running;
});

t.test('a busy watch costs one timer, not one for each event', async (t) => {
  const many = Array.from({ length: 100 }, (_, n) => added('a', String(n + 10)));
  const { clock } = await run(t, [stays(listEnd('9'), ...many)]);
  t.equal(clock.naps, 1);
});

for (const [when, answer] of [
  ['during a list', stays(added('a'))],
  ['during a watch', stays(listEnd('9'))],
  ['during a wait', fails('ECONNREFUSED')],
] as const) {
  t.test(`an abort ${when} ends run at once, without a word`, async (t) => {
    const { stop, interruptions, asked, clock } = await run(t, [answer]);
    const before = interruptions.length;
    await stop();
    t.equal(interruptions.length, before);
    t.equal(asked().length, 1);
    t.strictSame(clock.sleeping, []);
  });
}

t.test('an abort before the start asks for nothing', async (t) => {
  const { transport, clock } = { transport: new ScriptedTransport(), clock: new FakeClock() };
  await new Reflector({
    resource: 'secrets',
    path: PATH,
    metadataOnly: true,
    parse: parseMetadata,
    sink: sinkInto([]),
    transport,
    clock,
    events: { synced: () => {}, state: () => {}, interrupted: () => {} },
  }).run(AbortSignal.abort());
  t.equal(transport.requests.length, 0);
});

t.test(
  'states tell what a reflector does: it lists, watches, asks, waits, asks, watches again, and stops',
  async (t) => {
    const { states, clock, stop } = await run(t, [ends(added('a'), listEnd('9')), fails('ECONNRESET'), stays()]);
    await clock.advance(200);
    t.strictSame(states, ['listing', 'watching', 'opening', 'waiting', 'opening', 'watching']);
    await stop();
    t.equal(states.at(-1), 'stopped');
  },
);

t.test('nothing is kept of the objects that came', async (t) => {
  setFlagsFromString('--expose-gc');
  const collectGarbage: () => void = runInNewContext('gc');
  const seen: WeakRef<object>[] = [];
  const many = Array.from({ length: 100 }, (_, n) => added('a', String(n + 10)));
  await run(t, [stays(...many, listEnd('9'), ...many)], {
    parse: (value) => {
      seen.push(new WeakRef(value as object));
      return parseMetadata(value);
    },
  });
  await settled();
  collectGarbage();
  const alive = seen.filter((ref) => ref.deref() !== undefined);
  t.equal(seen.length, 200);
  t.ok(alive.length <= 1, `${alive.length} of 200 are still there`);
});
