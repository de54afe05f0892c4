import { dirname } from 'node:path';
import t from 'tap';
import { AUDIT_POLICY, componentArguments, type Layout } from '../components.ts';
import { clusterSpec } from '../spec.ts';
import { clusterFiles } from '../state.ts';
import { binariesIn } from '../store.ts';
import { COMPONENTS } from '../versions.ts';

function layout(options: Parameters<typeof clusterSpec>[1] = {}): Layout {
  return {
    spec: clusterSpec('a', options, binariesIn('/programs'), false),
    files: clusterFiles('/state/a'),
    ports: { etcdClient: 20_001, etcdPeer: 20_002, apiserver: 20_003 },
  };
}

t.test('every address that a component listens on or talks to is on loopback', async (t) => {
  for (const component of COMPONENTS) {
    const addresses = componentArguments(component, layout()).filter((argument) =>
      /address|urls|servers|node-ip/.test(argument),
    );
    for (const argument of addresses) t.match(argument, /=(https?:\/\/)?127\.0\.0\.1(:\d+)?$/, argument);
  }
});

t.test('every file that a component writes or reads is in the directory of the cluster', async (t) => {
  for (const component of COMPONENTS) {
    for (const argument of componentArguments(component, layout())) {
      const [, path] = /=(\/.*)$/.exec(argument) ?? [];
      if (path === undefined || path.startsWith('/state/a/')) continue;
      t.match(argument, /^--service-cluster-ip-range|^--cidr/, argument);
    }
  }
});

t.test('the API server keeps its admission plugins and RBAC, and leaves aggregator routing off', async (t) => {
  const args = componentArguments('kube-apiserver', layout());
  t.ok(args.includes('--authorization-mode=RBAC'));
  // ServiceAccount and PodSecurity are on by default; aggregator routing would break webhooks on ExternalName Services.
  for (const word of ['admission', 'aggregator'])
    t.notOk(
      args.some((argument) => argument.includes(word)),
      word,
    );
});

t.test(
  'feature gates and uncached resources become flags of the API server, and no flag when there are none',
  async (t) => {
    const options = { featureGates: { WatchList: false, Other: true }, uncached: ['secrets', 'deployments.apps'] };
    const args = componentArguments('kube-apiserver', layout(options));
    t.ok(args.includes('--feature-gates=WatchList=false,Other=true'));
    t.ok(args.includes('--watch-cache-sizes=secrets#0,deployments.apps#0'));
    const plain = componentArguments('kube-apiserver', layout());
    t.notOk(plain.some((argument) => /feature-gates|watch-cache-sizes/.test(argument)));
  },
);

t.test('kwok reads the built-in stages and the given ones from copies in the directory', async (t) => {
  const { spec } = layout({ stages: ['/mine/slow.yaml'] });
  t.equal(spec.stages.at(-1), '/mine/slow.yaml');
  const configs = componentArguments('kwok', { ...layout(), spec }).filter((argument) =>
    argument.startsWith('--config='),
  );
  t.equal(configs.length, spec.stages.length);
  for (const config of configs) t.equal(dirname(config.slice('--config='.length)), '/state/a');
});

t.test('the audit log keeps the stage in which a watch starts, and no bodies', async (t) => {
  t.strictSame(AUDIT_POLICY.omitStages, ['RequestReceived']);
  t.equal(AUDIT_POLICY.rules.at(-1)?.level, 'Metadata');
});
