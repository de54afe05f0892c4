import t from 'tap';
import { describeError, isStatus, KubeError, statusReason } from '../../kube/error.ts';

const conflict = new KubeError('PATCH /path', { status: 409, reason: 'Conflict' });

t.test('an error says the request, the status and the reason', (t) => {
  t.equal(conflict.message, 'PATCH /path: 409 Conflict');
  t.end();
});

t.test('an error without a reason ends with the status', (t) => {
  t.equal(new KubeError('GET /path', { status: 502, reason: '' }).message, 'GET /path: 502');
  t.end();
});

t.test('an error without an answer says so and what the network said', (t) => {
  const error = new KubeError('GET /path', { status: 0, reason: 'ECONNREFUSED' });
  t.equal(error.message, 'GET /path: no answer ECONNREFUSED');
  t.end();
});

t.test('only an error of the API server has a status', (t) => {
  t.ok(isStatus(conflict, 409));
  t.notOk(isStatus(conflict, 404));
  t.notOk(isStatus(Object.assign(new Error('other'), { status: 409 }), 409));
  t.notOk(isStatus(undefined, 409));
  t.end();
});

t.test('the reason is read from a metav1.Status and from nothing else', (t) => {
  t.equal(statusReason('{"kind":"Status","reason":"NotFound","message":"secrets \\"db\\" not found"}'), 'NotFound');
  for (const body of ['', 'not found', '<html>', 'null', '[]', '{"reason":7}', '{"message":"hunter2"}']) {
    t.equal(statusReason(body), '', body);
  }
  t.end();
});

t.test('what was thrown is described by its message, and what is no error without its content', (t) => {
  t.equal(describeError(conflict), 'PATCH /path: 409 Conflict');
  t.equal(describeError('hunter2'), 'unknown error');
  t.equal(describeError({ message: 'hunter2' }), 'unknown error');
  t.end();
});
