import fc from 'fast-check';
import t from 'tap';
import { backoffMs, DEFAULT_BACKOFF, retryMs } from '../../kube/backoff.ts';

const ALMOST_ONE = 1 - Number.EPSILON;

t.test('the longest wait doubles with each failure, up to the cap', (t) => {
  const longest = [0, 1, 2, 3, 7, 8, 9, 100].map((attempt) => backoffMs(attempt, ALMOST_ONE));
  t.strictSame(longest, [200, 400, 800, 1_600, 25_600, 30_000, 30_000, 30_000]);
  t.end();
});

t.test('chance decides over the whole wait, so that clients do not come back together', (t) => {
  t.equal(backoffMs(3, 0), 0);
  t.equal(backoffMs(3, 0.5), 800);
  t.end();
});

t.test('a wait of its own is kept to', (t) => {
  t.equal(backoffMs(1, ALMOST_ONE, { baseMs: 500, capMs: 700 }), 700);
  t.equal(backoffMs(0, ALMOST_ONE, { baseMs: 500, capMs: 700 }), 500);
  t.end();
});

t.test('a wait is a whole number between nothing and the cap, whatever the number of failures', (t) => {
  const chance = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
  fc.assert(
    fc.property(fc.nat(), chance, (attempt, random) => {
      const wait = backoffMs(attempt, random);
      return Number.isInteger(wait) && wait >= 0 && wait <= DEFAULT_BACKOFF.capMs;
    }),
  );
  t.end();
});

t.test('one failure more never means a shorter wait for the same chance', (t) => {
  const chance = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
  fc.assert(
    fc.property(fc.nat(100), chance, (attempt, random) => backoffMs(attempt + 1, random) >= backoffMs(attempt, random)),
  );
  t.end();
});

t.test('a server that asks to wait is obeyed, and nobody comes back at the same moment as everybody else', (t) => {
  t.equal(retryMs(0, 0, 1_000), 1_000);
  t.equal(retryMs(0, 0.5, 1_000), 1_100);
  t.equal(retryMs(0, 0.5), 100);
  t.end();
});

t.test('a server that asks to wait for longer than a minute is asked again after a minute', (t) => {
  t.equal(retryMs(0, 0, 86_400_000), 60_000);
  t.end();
});
