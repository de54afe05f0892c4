import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { directorySource } from '../../certs/directory.ts';
import { systemClock } from '../../kube/clock.ts';
import { after, clockAt, DAY, type Diary, diary, EPOCH, fixture, makeBundle, serialOf, until } from './build.ts';
import { type Mount, makeMount } from './mount.ts';

const [first, second] = [(await makeBundle()).leaf, (await makeBundle()).leaf];
const ecdsa = fixture('ecdsa');
const accepted = (pair: { certificate: string }): string => `accepted ${serialOf(pair.certificate)}`;

/** Longer than any test: with it only the watch tells. */
const NEVER = 3_600_000;

interface Stage {
  readonly mount: Mount;
  readonly seen: Diary;
  readonly clock: ReturnType<typeof clockAt>;
  readonly started: Promise<void>;
  readonly stop: AbortController;
  /** Waits until the diary holds exactly this. */
  shows(...entries: string[]): Promise<void>;
}

async function stage(t: Test, pollMs: number, prepare: (mount: Mount) => Promise<void>): Promise<Stage> {
  const mount = await makeMount();
  await prepare(mount);
  const [seen, clock, stop] = [diary(), clockAt(EPOCH), new AbortController()];
  const started = directorySource({ path: mount.path, clock, pollMs }).start(stop.signal, seen);
  started.catch(() => {});
  t.teardown(async () => {
    stop.abort();
    await mount.end();
  });
  const shows = async (...entries: string[]): Promise<void> => {
    await until(() => seen.entries.length >= entries.length, entries.join(', '));
    t.strictSame(seen.entries, entries);
  };
  return { mount, seen, clock, started, stop, shows };
}

/** Longer than the settle time and the second look together, on a busy machine. */
const quiet = (): Promise<void> => systemClock.sleep(500);

for (const [how, pollMs] of [
  ['by the watch', NEVER],
  ['by the poll', 50],
] as const) {
  t.test(`${how}: good, bad, half, good; the bad ones are told once and the last good one stays`, async (t) => {
    const { mount, started, shows } = await stage(t, pollMs, (mount) => mount.swap(first));
    await started;
    await shows(accepted(first));
    await mount.swap({ certificate: first.certificate, key: second.key });
    await shows(accepted(first), 'refused key-does-not-fit');
    await mount.swap({ certificate: second.certificate.slice(0, 400), key: second.key });
    await shows(accepted(first), 'refused key-does-not-fit', 'refused half-written');
    await mount.swap(second);
    const all = [accepted(first), 'refused key-does-not-fit', 'refused half-written', accepted(second)];
    await shows(...all);
    await mount.swap(ecdsa);
    await shows(...all, accepted(ecdsa));
  });
}

t.test('an equal pair is not delivered again, whoever writes it', async (t) => {
  const { mount, shows } = await stage(t, 50, (mount) => mount.swap(first));
  await shows(accepted(first));
  await mount.swap(first);
  await mount.swap(first);
  await quiet();
  await shows(accepted(first));
});

t.test('back from a bad pair to the one in use: nothing to deliver', async (t) => {
  const { mount, shows } = await stage(t, NEVER, (mount) => mount.swap(first));
  await shows(accepted(first));
  await mount.swap({ ...first, key: '' });
  await shows(accepted(first), 'refused half-written');
  await mount.swap(first);
  await quiet();
  await mount.swap({ ...first, key: '' });
  await shows(accepted(first), 'refused half-written', 'refused half-written');
});

t.test('a writer that takes a moment between its two files is waited for', async (t) => {
  const { mount, shows } = await stage(t, NEVER, async ({ path }) => {
    await mkdir(path);
    await writeFile(join(path, 'tls.crt'), first.certificate);
    await writeFile(join(path, 'tls.key'), first.key);
  });
  await shows(accepted(first));
  await writeFile(join(mount.path, 'tls.crt'), second.certificate);
  await systemClock.sleep(20);
  await writeFile(join(mount.path, 'tls.key'), second.key);
  await shows(accepted(first), accepted(second));
});

t.test('a writer that is met between its two files is looked at again', async (t) => {
  const mount = await makeMount();
  const stop = new AbortController();
  t.teardown(async () => {
    stop.abort();
    await mount.end();
  });
  await mount.swap({ certificate: second.certificate, key: first.key });
  const clock = clockAt(EPOCH);
  // Only the pause before the second look cannot be cut short.
  const sleep: typeof clock.sleep = (ms, signal) =>
    signal === undefined ? mount.swap(second) : clock.sleep(ms, signal);
  const seen = diary();
  await directorySource({ path: mount.path, clock: { ...clock, sleep } }).start(stop.signal, seen);
  t.strictSame(seen.entries, [accepted(second)]);
});

t.test('a pair that stays bad is told once', async (t) => {
  const { mount, shows } = await stage(t, 20, (mount) => mount.swap(first));
  await shows(accepted(first));
  await mount.swap({ certificate: first.certificate, key: second.key });
  await shows(accepted(first), 'refused key-does-not-fit');
  await quiet();
  await shows(accepted(first), 'refused key-does-not-fit');
});

t.test('a directory that is not there yet is waited for', async (t) => {
  const { mount, started, shows } = await stage(t, 50, async () => {});
  await shows('refused unreadable');
  await mount.swap(first);
  await started;
  await shows('refused unreadable', accepted(first));
});

t.test('a directory that is removed and made again is followed on', async (t) => {
  const { mount, shows } = await stage(t, 200, (mount) => mount.swap(first));
  await shows(accepted(first));
  await mount.remove();
  await shows(accepted(first), 'refused unreadable');
  await mount.swap(second);
  await shows(accepted(first), 'refused unreadable', accepted(second));
  await mount.swap(ecdsa);
  await shows(accepted(first), 'refused unreadable', accepted(second), accepted(ecdsa));
});

t.test('a pair that is refused for the time of day is taken when its time has come', async (t) => {
  const { clock, shows, mount } = await stage(t, 50, (mount) => mount.swap(ecdsa));
  await shows(accepted(ecdsa));
  clock.set(after(-DAY));
  await mount.swap(first);
  await shows(accepted(ecdsa), 'refused not-yet-valid');
  clock.set(EPOCH);
  await shows(accepted(ecdsa), 'refused not-yet-valid', accepted(first));
});

t.test('start rejects on abort, and nothing is told afterwards', async (t) => {
  const { mount, started, stop, shows } = await stage(t, 50, async () => {});
  await shows('refused unreadable');
  stop.abort();
  await t.rejects(started, { name: 'AbortError' });
  await mount.swap(first);
  await quiet();
  await shows('refused unreadable');
  await t.rejects(directorySource({ path: mount.path, clock: systemClock }).start(stop.signal, diary()));
});

t.test('files may have other names', async (t) => {
  const mount = await makeMount();
  const stop = new AbortController();
  t.teardown(async () => {
    stop.abort();
    await mount.end();
  });
  await mkdir(mount.path);
  await writeFile(join(mount.path, 'a.pem'), first.certificate);
  await writeFile(join(mount.path, 'b.pem'), first.key);
  const files = { certificate: 'a.pem', key: 'b.pem' };
  const seen = diary();
  await directorySource({ path: mount.path, clock: clockAt(EPOCH), files }).start(stop.signal, seen);
  t.equal(seen.pairs[0]?.certificate, await readFile(join(mount.path, 'a.pem'), 'utf8'));
});
