import t from 'tap';
import { PROTECTED_NAMESPACES } from '../../core/defaults.ts';
import { INJECT } from '../../core/names.ts';
import { isProtected, type PolicyOptions, policy } from '../../core/policy.ts';

interface Row {
  readonly name: string;
  readonly namespace?: string;
  readonly label?: string;
  readonly annotation?: string;
  readonly all?: boolean;
  readonly expected: 'managed' | 'namespace-excluded' | 'namespace-disabled' | 'workload-disabled' | 'not-opted-in';
}

const OPTIONS: PolicyOptions = { excludedNamespaces: new Set(['excluded']), ownNamespace: 'restamp', all: false };

const ROWS: readonly Row[] = [
  { name: 'nobody says anything', expected: 'not-opted-in' },
  { name: 'the namespace says yes', label: 'enabled', expected: 'managed' },
  { name: 'the namespace says no', label: 'disabled', expected: 'namespace-disabled' },
  { name: 'the namespace says something else', label: 'true', expected: 'not-opted-in' },
  { name: 'the namespace says yes in capitals', label: 'Enabled', expected: 'not-opted-in' },
  { name: 'the workload says yes', annotation: 'enabled', expected: 'managed' },
  { name: 'the workload says no', annotation: 'disabled', expected: 'workload-disabled' },
  { name: 'the workload says something else', annotation: 'yes', expected: 'not-opted-in' },
  { name: 'both say yes', label: 'enabled', annotation: 'enabled', expected: 'managed' },
  {
    name: 'the workload says no in a namespace that says yes',
    label: 'enabled',
    annotation: 'disabled',
    expected: 'workload-disabled',
  },
  {
    name: 'the workload says something else in a namespace that says yes',
    label: 'enabled',
    annotation: 'on',
    expected: 'managed',
  },
  {
    name: 'the workload says yes in a namespace that says no',
    label: 'disabled',
    annotation: 'enabled',
    expected: 'namespace-disabled',
  },
  { name: 'all are managed', all: true, expected: 'managed' },
  {
    name: 'all are managed, but the workload says no',
    all: true,
    annotation: 'disabled',
    expected: 'workload-disabled',
  },
  { name: 'all are managed, but the namespace says no', all: true, label: 'disabled', expected: 'namespace-disabled' },
  { name: 'an excluded namespace', namespace: 'excluded', expected: 'namespace-excluded' },
  {
    name: 'everybody says yes in an excluded namespace',
    namespace: 'excluded',
    label: 'enabled',
    annotation: 'enabled',
    all: true,
    expected: 'namespace-excluded',
  },
  ...['restamp', ...PROTECTED_NAMESPACES].flatMap((namespace): Row[] => [
    { name: `${namespace} says yes`, namespace, label: 'enabled', expected: 'not-opted-in' },
    { name: `all are managed, but not ${namespace}`, namespace, all: true, expected: 'not-opted-in' },
    { name: `a workload in ${namespace} says yes`, namespace, annotation: 'enabled', expected: 'managed' },
    {
      name: `${namespace} says no`,
      namespace,
      label: 'disabled',
      annotation: 'enabled',
      expected: 'namespace-disabled',
    },
  ]),
];

for (const { name, namespace = 'shop', label, annotation, all = false, expected } of ROWS) {
  t.test(`policy: ${name}`, (t) => {
    const annotations: Record<string, string> = annotation === undefined ? {} : { [INJECT]: annotation };
    const verdict = policy({ namespace, annotations }, label, { ...OPTIONS, all });
    t.equal(verdict.managed ? 'managed' : verdict.reason, expected);
    t.end();
  });
}

t.test('the namespaces of the cluster and of restamp are protected, and no others', (t) => {
  t.strictSame(
    ['kube-system', 'kube-public', 'kube-node-lease', 'restamp'].map((name) => isProtected(name, OPTIONS)),
    [true, true, true, true],
  );
  t.equal(isProtected('shop', OPTIONS), false);
  t.equal(isProtected('restamp', { ownNamespace: 'other' }), false);
  t.end();
});
