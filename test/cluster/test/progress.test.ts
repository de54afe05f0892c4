import { Writable } from 'node:stream';
import t from 'tap';
import { BuildMeter, parseStale } from '../build.ts';
import { duration, lineProgress, type Progress, terminalProgress } from '../progress.ts';

/** A clock that is set by hand. */
function handClock() {
  let time = 0;
  return { now: () => time, pass: (milliseconds: number) => (time += milliseconds) };
}

/** Keeps the lines and the last update. */
function recorder(): Progress & { readonly lines: string[]; last: string } {
  const lines: string[] = [];
  return {
    lines,
    last: '',
    line: (text) => lines.push(text),
    update(text) {
      this.last = text;
    },
    end: () => {},
  };
}

t.test('only packages that are not in the cache are counted as work', async (t) => {
  const output = [
    'k8s.io/api/core/v1 build ID mismatch',
    '',
    'k8s.io/kubernetes/cmd/kubectl not installed but available in build cache',
    'k8s.io/client-go/rest stale dependency: k8s.io/api/core/v1',
    '',
  ];
  t.equal(parseStale(output.join('\n')), 2);
  t.equal(parseStale('\n\n'), 0);
});

t.test('a build counts downloaded modules, then compiled packages of the total, then links', async (t) => {
  const clock = handClock();
  const progress = recorder();
  const meter = new BuildMeter(['etcd', 'kwok'], progress, clock.now);
  meter.read('go: downloading k8s.io/api v0.37.2');
  meter.read('go: downloading k8s.io/client-go v0.37.2');
  t.equal(progress.last, 'reading Go modules (2 downloaded), 0 s so far');
  meter.expect(3);
  t.strictSame(progress.lines, ['building 2 programs with Go: 3 packages to compile']);
  clock.pass(61_000);
  meter.read('k8s.io/api/core/v1');
  t.equal(progress.last, 'compiling 2 programs: 1 of 3 packages (33 %), 1 min 1 s so far');
  meter.read('go: warning about something else');
  meter.read('# k8s.io/broken');
  t.match(progress.last, '1 of 3', 'what is no package is not counted');
  meter.read('k8s.io/client-go/rest');
  meter.read('golang.org/x/net/http2');
  t.equal(progress.last, 'linking 2 programs, 1 min 1 s so far');
});

t.test('the clock moves while Go prints nothing', async (t) => {
  const clock = handClock();
  const progress = recorder();
  const meter = new BuildMeter(['etcd'], progress, clock.now);
  meter.expect(10);
  clock.pass(5000);
  meter.show();
  t.equal(progress.last, 'compiling etcd: 0 of 10 packages (0 %), 5 s so far');
});

t.test('lines come at most every fifteen seconds, and not at all for short work', async (t) => {
  const clock = handClock();
  const lines: string[] = [];
  const progress = lineProgress((line) => lines.push(line), clock.now);
  for (let second = 1; second <= 40; second += 1) {
    clock.pass(1000);
    progress.update(`${second} s`);
  }
  t.strictSame(lines, ['15 s', '30 s']);
});

t.test('on a terminal an update rewrites the line, cut at its width, and a line clears it first', async (t) => {
  const clock = handClock();
  let written = '';
  const terminal = new Writable({
    write: (chunk, _, done) => {
      written += String(chunk);
      done();
    },
  });
  const progress = terminalProgress(
    Object.assign(terminal, { columns: 10 }) as unknown as NodeJS.WriteStream,
    clock.now,
  );
  progress.update('one of a thousand');
  progress.update('too soon to be shown');
  clock.pass(1000);
  progress.update('two');
  progress.line('done');
  progress.end();
  t.equal(written, 'one of a \r\u001b[Ktwo\r\u001b[Kdone\n');
});

t.test('durations are in seconds, then in minutes and seconds', async (t) => {
  t.equal(duration(59_999), '59 s');
  t.equal(duration(613_000), '10 min 13 s');
});
