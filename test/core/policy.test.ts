/** DESIGN §5 as a table: who is managed, and for which sources, in every dialect and mixture of them. */
import t from 'tap';
import { PROTECTED_NAMESPACES } from '../../core/defaults.ts';
import { isProtected, LABELLED_NAMESPACE, type PolicyOptions, policy } from '../../core/policy.ts';
import { POLICY_CASES } from './policy-cases.ts';
import { POLICY_OPTIONS, verdictOf } from './policy-run.ts';

for (const row of POLICY_CASES) {
  t.test(`policy: ${row.name}`, (t) => {
    t.equal(verdictOf(row), row.expected);
    t.end();
  });
}

t.test('policy: every case has a name of its own', (t) => {
  t.equal(new Set(POLICY_CASES.map(({ name }) => name)).size, POLICY_CASES.length);
  t.end();
});

t.test('the namespaces of the cluster and of restamp are protected, and no others', (t) => {
  t.strictSame(
    ['kube-system', 'kube-public', 'kube-node-lease', 'restamp'].map((name) => isProtected(name, POLICY_OPTIONS)),
    [true, true, true, true],
  );
  t.strictSame([...PROTECTED_NAMESPACES], ['kube-system', 'kube-public', 'kube-node-lease']);
  t.equal(isProtected('shop', POLICY_OPTIONS), false);
  t.equal(isProtected('restamp', { ownNamespace: 'other' }), false);
  t.end();
});

t.test('the webhook is registered for namespaces that count as labelled and selected', (t) => {
  t.strictSame(LABELLED_NAMESPACE, { inject: 'enabled', selected: true, settings: {} });
  t.end();
});

t.test('annotations that are called otherwise are read under that name, and under that name only', (t) => {
  const own = POLICY_OPTIONS.vocabulary;
  const vocabulary = { ...own, auto: 'example.com/auto', search: 'example.com/search' };
  const options: Partial<PolicyOptions> = { vocabulary };
  const ask = (name: string): string => verdictOf({ annotations: { [name]: 'true' }, options });
  t.equal(ask('example.com/auto'), 'auto: ConfigMap Secret SecretProviderClass');
  t.equal(ask('example.com/search'), 'search: ConfigMap Secret SecretProviderClass');
  t.equal(ask('reloader.stakater.com/auto'), 'not-opted-in');
  t.equal(ask('reloader.stakater.com/search'), 'not-opted-in');
  t.equal(ask('configmap.reloader.stakater.com/auto'), 'auto: ConfigMap');
  t.end();
});

t.test('who is managed does not depend on annotations of other domains', (t) => {
  const annotations = { 'example.com/inject': 'enabled', auto: 'true', 'restamp.dev/injected': 'enabled' };
  t.equal(verdictOf({ annotations, templateAnnotations: annotations }), 'not-opted-in');
  const { excludedNamespaces } = POLICY_OPTIONS;
  const workload = { namespace: 'shop', annotations, template: { annotations, spec: undefined } };
  t.strictSame(policy(workload, LABELLED_NAMESPACE, { excludedNamespaces, ownNamespace: 'restamp', all: false }), {
    managed: true,
    selection: {
      automatic: new Set(['ConfigMap', 'Secret', 'SecretProviderClass']),
      searching: new Set(),
      named: [],
      excluded: [],
    },
  });
  t.end();
});
