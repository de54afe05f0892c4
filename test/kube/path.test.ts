import fc from 'fast-check';
import t from 'tap';
import { isObjectName } from '../../core/object-name.ts';
import { CONFIG_MAPS, EVENTS, NAMESPACES, resourcePath, SECRETS } from '../../kube/path.ts';

t.test('a path names the group, and the core group has none', (t) => {
  t.equal(resourcePath(CONFIG_MAPS), '/api/v1/configmaps');
  t.equal(resourcePath(EVENTS), '/apis/events.k8s.io/v1/events');
  t.end();
});

t.test('a path names namespace and object where there are any', (t) => {
  t.equal(resourcePath(SECRETS, { namespace: 'shop' }), '/api/v1/namespaces/shop/secrets');
  t.equal(resourcePath(SECRETS, { namespace: 'shop', name: 'db' }), '/api/v1/namespaces/shop/secrets/db');
  t.equal(resourcePath(NAMESPACES, { name: 'shop' }), '/api/v1/namespaces/shop');
  t.end();
});

t.test('a name cannot change the path, whatever it holds', (t) => {
  fc.assert(
    fc.property(fc.string({ minLength: 1 }), (name) => {
      const path = resourcePath(SECRETS, { namespace: 'shop', name });
      return /^\/api\/v1\/namespaces\/shop\/secrets\/[^/?#]+$/.test(path);
    }),
  );
  t.end();
});

t.test('names that can exist are names', (t) => {
  for (const name of ['a', '0', 'app-config', 'kube-root-ca.crt', 'a.b-c.d', 'a--b', 'x'.repeat(253)]) {
    t.ok(isObjectName(name), name);
  }
  t.end();
});

t.test('names that cannot exist are never asked for', (t) => {
  const names = ['', '.', '..', '../secrets/x', 'a/b', 'A', 'ä', 'a_b', 'a b', '-a', 'a-', 'a..b', '.a', 'a.', 'a\n'];
  for (const name of [...names, '%2e%2e', 'a?b', 'a#b', '*', 'a.-b', '$(NAME)', 'x'.repeat(254)]) {
    t.notOk(isObjectName(name), JSON.stringify(name));
  }
  t.end();
});

t.test('the check of a name takes no longer for a long one that is almost right', (t) => {
  t.notOk(isObjectName(`${'a'.repeat(252)}_`));
  t.notOk(isObjectName(`${'a-'.repeat(100_000)}`));
  t.notOk(isObjectName(`${'a.'.repeat(126)}`));
  t.end();
});
