import t from 'tap';
import { sink } from './sink.ts';

const VALUE = 'hunter2';

t.test('a line is JSON with time, level, component, message, and its facts as keys', (t) => {
  const { log, text, lines } = sink();
  log.info({ namespace: 'shop', name: 'web' }, 'decided');
  t.match(text(), /^\{[^\n]*\}\n$/);
  const [{ time, ...rest } = {}] = lines();
  t.match(time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  t.strictSame(rest, { level: 'info', component: 'test', namespace: 'shop', name: 'web', message: 'decided' });
  t.end();
});

t.test('a message may come without facts', (t) => {
  const { log, lines } = sink();
  log.info('stopped');
  t.match(lines(), [{ message: 'stopped', level: 'info' }]);
  t.end();
});

t.test('what is below the level is not written', (t) => {
  const { log, lines } = sink('warn');
  log.debug('debug');
  log.info('info');
  log.warn('warn');
  log.error('error');
  t.strictSame(
    lines().map(({ level }) => level),
    ['warn', 'error'],
  );
  t.end();
});

for (const name of ['data', 'stringData', 'binaryData', 'key', 'token']) {
  t.test(`what is called ${name} is cut out, at the top and one below`, (t) => {
    const { log, text, lines } = sink();
    log.error({ [name]: VALUE, reason: 'top' }, 'message');
    log.error({ [name]: { password: VALUE }, reason: 'object' }, 'message');
    log.error({ secret: { [name]: { password: VALUE }, kind: 'Secret' }, reason: 'below' }, 'message');
    log.child({ [name]: VALUE }).error({ reason: 'child' }, 'message');
    t.notMatch(text(), VALUE);
    t.notMatch(text(), `"${name}"`);
    t.strictSame(
      lines().map(({ reason }) => reason),
      ['top', 'object', 'below', 'child'],
    );
    t.match(lines()[2], { secret: { kind: 'Secret' } }, 'the rest stays');
    t.end();
  });
}

t.test('names of keys and of Secrets are no secrets: they explain', (t) => {
  const { log, lines } = sink();
  const facts = { keyId: 'abc', keys: ['password'], secret: 'restamp/restamp-key', missing: ['secret/db#password'] };
  log.info(facts, 'decided');
  t.match(lines(), [facts]);
  t.end();
});
