import t, { type Test } from 'tap';
import { type CaBundleEvent, caBundlePublisher } from '../../certs/ca-bundle.ts';
import { readableCertificates } from '../../certs/pem.ts';
import { selfSignedSource } from '../../certs/self-signed.ts';
import { asList, asObject, type JsonObject } from '../../core/json.ts';
import type { KubeTransport } from '../../kube/transport.ts';
import { CONFIGURATION, recorded, startAuthorityCluster } from './authority-cluster.ts';
import { clockAt, DAY, diary, makeBundle, serialOf, until } from './build.ts';

const stage = await startAuthorityCluster('ca-bundle');
t.teardown(() => stage.stop());

const NAMESPACE = 'hooks';
const NAMES = [`hook.${NAMESPACE}.svc`, '127.0.0.1'];
const transport = await stage.enter(NAMESPACE);
const now = new Date();
const [older, current] = [
  (await makeBundle(new Date(now.getTime() - DAY))).roots,
  (await makeBundle(new Date(now.getTime() - 1000))).roots,
];
const signal = new AbortController().signal;

const KINDS = ['MutatingWebhookConfiguration', 'ValidatingWebhookConfiguration'] as const;
type Kind = (typeof KINDS)[number];

const service = (name: string): JsonObject => ({ service: { name, namespace: NAMESPACE, path: '/x', port: 443 } });

function webhook(name: string, clientConfig: JsonObject): JsonObject {
  const rules = [{ apiGroups: ['apps'], apiVersions: ['v1'], operations: ['CREATE'], resources: ['deployments'] }];
  // Not one of these is ever called: there are no such namespaces.
  const namespaceSelector = { matchLabels: { 'test.example/none': 'none' } };
  return { name, admissionReviewVersions: ['v1'], sideEffects: 'None', rules, namespaceSelector, clientConfig };
}

/** Two webhooks of ours, reached in two ways, around one of somebody else. */
function configuration(kind: Kind, more: JsonObject = {}): JsonObject {
  const webhooks = [
    webhook('service.restamp.dev', service('hook')),
    webhook('other.example.com', service('other')),
    webhook('url.restamp.dev', { url: 'https://127.0.0.1:9443/x' }),
  ];
  return { apiVersion: 'admissionregistration.k8s.io/v1', kind, metadata: { name: CONFIGURATION, ...more }, webhooks };
}

async function fresh(t: Test, ...objects: readonly JsonObject[]): Promise<void> {
  t.teardown(async () => {
    for (const kind of KINDS) await stage.cluster.kubectl(['delete', kind, CONFIGURATION, '--ignore-not-found']);
  });
  for (const kind of KINDS) await stage.cluster.kubectl(['delete', kind, CONFIGURATION, '--ignore-not-found']);
  if (objects.length > 0) await stage.apply(...objects);
}

const versionOf = (object: JsonObject): unknown => asObject(object.metadata).resourceVersion;

/** Serial numbers in the caBundle of each webhook of a configuration. */
function trusted(object: JsonObject): readonly (readonly string[])[] {
  return asList(object.webhooks).map((webhook) => {
    const { caBundle } = asObject(asObject(webhook).clientConfig);
    const text = Buffer.from(typeof caBundle === 'string' ? caBundle : '', 'base64').toString('utf8');
    return readableCertificates(text).map(({ serialNumber }) => serialNumber);
  });
}

function publisher(
  through: KubeTransport,
  names = NAMES,
): { publish: ReturnType<typeof caBundlePublisher>; events: CaBundleEvent[] } {
  const events: CaBundleEvent[] = [];
  const configurations = KINDS.map((kind) => ({ kind, name: CONFIGURATION }));
  const report = (event: CaBundleEvent): void => void events.push(event);
  return {
    events,
    publish: caBundlePublisher({ transport: through, clock: clockAt(now), configurations, names, report }),
  };
}

t.test('both configurations get the roots, in our webhooks only; nothing else changes', async (t) => {
  await fresh(t, ...KINDS.map((kind) => configuration(kind)));
  const before = await Promise.all(KINDS.map((kind) => stage.read(kind, CONFIGURATION)));
  const { publish, events } = publisher(transport);
  await publish(current, signal);
  for (const [index, kind] of KINDS.entries()) {
    const object = await stage.read(kind, CONFIGURATION);
    t.strictSame(trusted(object), [[serialOf(current)], [], [serialOf(current)]], kind);
    t.strictSame(withoutOurs(object), withoutOurs(before[index] ?? {}), `${kind}: the rest`);
    t.match(JSON.stringify(asObject(object.metadata).managedFields), /"manager":"restamp"/);
  }
  t.strictSame(
    events.map(({ configuration, webhooks }) => [configuration.kind, ...webhooks]),
    [
      ['MutatingWebhookConfiguration', 'service.restamp.dev', 'url.restamp.dev'],
      ['ValidatingWebhookConfiguration', 'service.restamp.dev', 'url.restamp.dev'],
    ],
  );
});

/** An object without what a write changes in any case, and without any caBundle. */
function withoutOurs(object: JsonObject): JsonObject {
  const { resourceVersion: _, generation: __, managedFields: ___, ...metadata } = asObject(object.metadata);
  const webhooks = asList(object.webhooks).map((webhook) => {
    const { caBundle: _, ...clientConfig } = asObject(asObject(webhook).clientConfig);
    return { ...asObject(webhook), clientConfig };
  });
  return { ...object, metadata, webhooks };
}

t.test('nothing is written where all is right', async (t) => {
  await fresh(t, ...KINDS.map((kind) => configuration(kind)));
  const { publish, events } = publisher(transport);
  await publish(current, signal);
  const before = await Promise.all(KINDS.map((kind) => stage.read(kind, CONFIGURATION)));
  for (let times = 0; times < 3; times++) await publish(current, signal);
  const later = await Promise.all(KINDS.map((kind) => stage.read(kind, CONFIGURATION)));
  t.strictSame(later.map(versionOf), before.map(versionOf));
  t.equal(events.length, 2);
});

t.test('an authority that changes over is trusted beside the old one', async (t) => {
  await fresh(t, ...KINDS.map((kind) => configuration(kind)));
  const { publish } = publisher(transport);
  await publish(older, signal);
  await publish(current + older, signal);
  const both = [serialOf(current), serialOf(older)];
  t.strictSame(trusted(await stage.read(KINDS[0], CONFIGURATION)), [both, [], both]);
  await publish(older, signal);
  t.strictSame(
    trusted(await stage.read(KINDS[0], CONFIGURATION)),
    [both, [], both],
    'who is behind takes nothing away',
  );
});

t.test('three processes at once: the conflicts are none of anybody else', async (t) => {
  await fresh(t, ...KINDS.map((kind) => configuration(kind)));
  const all = [older, current, older + current].map((roots) => ({ roots, ...publisher(transport) }));
  await Promise.all(all.map(({ publish, roots }) => publish(roots, signal)));
  const [first] = trusted(await stage.read(KINDS[1], CONFIGURATION));
  t.strictSame([...(first ?? [])].sort(), [serialOf(current), serialOf(older)].sort());
});

const ours = [serialOf(current)];
const MEDDLING: readonly { name: string; move: (webhooks: readonly unknown[]) => unknown[]; expected: unknown }[] = [
  { name: 'another webhook takes the place of ours', move: ([a, b, c]) => [b, c, a], expected: [[], ours, ours] },
  { name: 'there are fewer webhooks than before', move: ([, , c]) => [c], expected: [ours] },
];

for (const { name, move, expected } of MEDDLING) {
  t.test(`a write on what somebody else has just changed is decided again: ${name}`, async (t) => {
    await fresh(t, ...KINDS.map((kind) => configuration(kind)));
    let meddled = false;
    const meddling: KubeTransport = {
      ...transport,
      request: async (request) => {
        if (request.method === 'PATCH' && !meddled) {
          meddled = true;
          const object = configuration(KINDS[0]);
          const stdin = JSON.stringify({ ...object, webhooks: move(asList(object.webhooks)) });
          await stage.cluster.kubectl(['replace', '-f', '-'], { stdin });
        }
        return transport.request(request);
      },
    };
    await publisher(meddling).publish(current, signal);
    t.strictSame(trusted(await stage.read(KINDS[0], CONFIGURATION)), expected);
  });
}

t.test('one configuration is missing: the other gets its roots, and the report says which is missing', async (t) => {
  await fresh(t, configuration('ValidatingWebhookConfiguration'));
  const { publish } = publisher(transport);
  await t.rejects(publish(current, signal), { message: 'MutatingWebhookConfiguration restamp does not exist yet' });
  t.strictSame(trusted(await stage.read(KINDS[1], CONFIGURATION))[0], [serialOf(current)]);
});

t.test('a configuration that is left to cert-manager is left alone', async (t) => {
  const annotations = { 'cert-manager.io/inject-ca-from': 'restamp/leaf' };
  await fresh(t, ...KINDS.map((kind) => configuration(kind, { annotations })));
  await t.rejects(publisher(transport).publish(current, signal), { message: /is left to cert-manager/ });
  t.strictSame(trusted(await stage.read(KINDS[0], CONFIGURATION)), [[], [], []]);
});

t.test('a configuration with no webhook of ours is told, not changed', async (t) => {
  await fresh(t, ...KINDS.map((kind) => configuration(kind)));
  const { publish } = publisher(transport, ['elsewhere.svc']);
  await t.rejects(publish(current, signal), { message: /has no webhook that is called by a name of the certificate/ });
  t.strictSame(trusted(await stage.read(KINDS[0], CONFIGURATION)), [[], [], []]);
});

t.test('with the authority: missing, then there, then reset by an apply', async (t) => {
  await fresh(t);
  const { publish, events } = publisher(transport);
  const options = recorded(transport, NAMESPACE, { names: NAMES, publish });
  const [seen, stop] = [diary(), new AbortController()];
  t.teardown(() => stop.abort());
  await selfSignedSource(options).start(stop.signal, seen);
  t.equal(seen.entries.length, 1, 'the leaf is served before anybody trusts it');
  await until(() => options.events.some(({ outcome }) => outcome === 'failed'), 'a report');
  t.match(
    options.events.find(({ outcome }) => outcome === 'failed'),
    { message: /does not exist yet; .* does not exist yet/ },
  );

  await stage.apply(...KINDS.map((kind) => configuration(kind)));
  await until(() => events.length >= 2, 'both published', 60_000);
  const first = await stage.read(KINDS[0], CONFIGURATION);
  t.equal(trusted(first)[0]?.length, 1);

  await stage.cluster.kubectl(['replace', '-f', '-'], { stdin: JSON.stringify(configuration(KINDS[0])) });
  await until(async () => trusted(await stage.read(KINDS[0], CONFIGURATION))[0]?.length === 1, 'put back', 60_000);
  t.strictSame(trusted(await stage.read(KINDS[0], CONFIGURATION)), trusted(first));
  t.equal(events.length, 3, 'one write for what was reset');
});
