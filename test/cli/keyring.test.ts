/** How the key is awaited: whatever is wrong, it is said, waited out, and nothing of the Secret is in the log. */
import t from 'tap';
import { awaitKeyring } from '../../cli/keyring.ts';
import { KubeError } from '../../kube/error.ts';
import type { KubeTransport } from '../../kube/transport.ts';
import { KEY } from '../core/build.ts';
import { FakeClock, settled } from '../kube/fake-clock.ts';
import { type Sink, sink } from './sink.ts';

const VALUE = 'hunter2-hunter2-hunter2';
const base64 = (content: string | Uint8Array): string => Buffer.from(content).toString('base64');

const GOOD = { data: { current: base64(KEY.id), [KEY.id]: base64(KEY.bytes) } };
const SHORT = { data: { current: base64(KEY.id), [KEY.id]: base64(VALUE) } };
const REFUSED = new KubeError('GET /secret', { status: 0, reason: 'ECONNREFUSED' });

interface Waiting {
  readonly done: ReturnType<typeof awaitKeyring>;
  readonly clock: FakeClock;
  readonly out: Sink;
  readonly abort: () => void;
}

/** Waits for a key that is read with these answers, the last of them for ever. */
function wait(...answers: readonly unknown[]): Waiting {
  const left = [...answers];
  const transport: KubeTransport = {
    request: async () => {
      const answer = left.length > 1 ? left.shift() : left[0];
      if (answer instanceof Error) throw answer;
      return answer;
    },
    stream: () => {
      throw new Error('nobody watches the key');
    },
    close: () => {},
  };
  const clock = new FakeClock(1);
  const out = sink();
  const controller = new AbortController();
  const at = { namespace: 'restamp', name: 'restamp-key' };
  const done = awaitKeyring({ transport, clock, log: out.log, at }, controller.signal);
  return { done, clock, out, abort: () => controller.abort() };
}

t.test('a key that is there is loaded, and its id is told, and nothing else of it', async (t) => {
  const { done, out } = wait(GOOD);
  t.equal((await done)?.current.id, KEY.id);
  t.match(out.lines(), [{ message: 'key loaded', secret: 'restamp/restamp-key', keyId: KEY.id }]);
  t.notMatch(out.text(), base64(KEY.bytes));
  t.notMatch(out.text(), Buffer.from(KEY.bytes).toString('hex'));
});

t.test('a key that cannot be read is tried again, later and later, and used when it is there', async (t) => {
  const { done, clock, out } = wait(REFUSED, REFUSED, REFUSED, GOOD);
  await clock.advance(200 + 400 + 800);
  t.equal((await done)?.current.id, KEY.id);
  t.match(out.lines().slice(0, 3), [
    { level: 'error', message: 'key not available', cause: 'GET /secret: no answer ECONNREFUSED', retryInMs: 200 },
    { retryInMs: 400 },
    { retryInMs: 800 },
  ]);
});

t.test('a Secret that holds no key is named in the log, without a byte of what it holds', async (t) => {
  const { done, clock, out, abort } = wait(SHORT);
  await clock.advance(60_000);
  abort();
  t.equal(await done, undefined);
  t.match(out.lines()[0], {
    cause: `Secret restamp/restamp-key: data.${KEY.id} must be 32 bytes, it is ${VALUE.length}`,
  });
  t.notMatch(out.text(), VALUE);
  t.notMatch(out.text(), base64(VALUE));
});

t.test('an abort ends the wait at once', async (t) => {
  const { done, clock, abort } = wait(REFUSED);
  await settled();
  abort();
  t.equal(await done, undefined);
  t.strictSame(clock.sleeping, []);
});
