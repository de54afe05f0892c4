/** Puts the roots into the webhook configurations, so that the API server trusts the leaf. */
import { asList, asObject, asText, isObject, type JsonObject, member } from '../core/json.ts';
import { FIELD_MANAGER } from '../core/names.ts';
import type { Clock } from '../kube/clock.ts';
import { describeError, isStatus } from '../kube/error.ts';
import { type Resource, resourcePath } from '../kube/path.ts';
import type { KubeTransport } from '../kube/transport.ts';
import { LIFETIMES, type Lifetimes } from './life.ts';
import { missingTrust } from './trust.ts';

export interface WebhookConfiguration {
  readonly kind: 'MutatingWebhookConfiguration' | 'ValidatingWebhookConfiguration';
  readonly name: string;
}

export interface CaBundleOptions {
  readonly transport: KubeTransport;
  readonly clock: Pick<Clock, 'now'>;
  readonly configurations: readonly WebhookConfiguration[];
  /** The names in the leaf. A webhook that the API server calls by one of them is ours; any other is left alone. */
  readonly names: readonly string[];
  readonly lifetimes?: Lifetimes;
  /** Told of each write. */
  readonly report: (event: CaBundleEvent) => void;
}

export interface CaBundleEvent {
  readonly outcome: 'published';
  readonly configuration: WebhookConfiguration;
  /** Names of the webhooks whose caBundle was changed. */
  readonly webhooks: readonly string[];
}

const RESOURCES: Readonly<Record<WebhookConfiguration['kind'], Resource>> = {
  MutatingWebhookConfiguration: admission('mutatingwebhookconfigurations'),
  ValidatingWebhookConfiguration: admission('validatingwebhookconfigurations'),
};

/** As many as the authority's own: whoever changes a configuration more often is in a quarrel, not in a race. */
const RACES = 5;

/** Makes the `publish` of a self-signed authority. It tries all configurations and throws when any of them failed. */
export function caBundlePublisher(options: CaBundleOptions): (roots: string, signal: AbortSignal) => Promise<void> {
  return async (roots, signal) => {
    const failures: string[] = [];
    for (const configuration of options.configurations) {
      try {
        await publish(options, configuration, { roots, signal });
      } catch (error) {
        const message = isStatus(error, 404) ? `${describe(configuration)} does not exist yet` : describeError(error);
        failures.push(message);
      }
    }
    if (failures.length > 0) throw new Error(failures.join('; '));
  };
}

interface Publication {
  readonly roots: string;
  readonly signal: AbortSignal;
}

async function publish(
  options: CaBundleOptions,
  configuration: WebhookConfiguration,
  { roots, signal }: Publication,
): Promise<void> {
  const { transport } = options;
  const path = resourcePath(RESOURCES[configuration.kind], { name: configuration.name });
  for (let race = 1; ; race++) {
    const object = await transport.request({ method: 'GET', path, signal });
    const changes = changesIn(object, configuration, { ...options, roots });
    if (changes.length === 0) return;
    try {
      await transport.request({
        method: 'PATCH',
        path,
        query: { fieldManager: FIELD_MANAGER },
        contentType: 'application/json-patch+json',
        body: patchOf(object, changes),
        signal,
      });
      return options.report({ outcome: 'published', configuration, webhooks: changes.map(({ webhook }) => webhook) });
    } catch (error) {
      // 422 too: a webhook that is gone meanwhile is a wrong index before it is an old resourceVersion.
      const isRace = isStatus(error, 409) || isStatus(error, 422);
      if (!isRace || race === RACES) throw error;
    }
  }
}

interface Change {
  readonly index: number;
  readonly webhook: string;
  /** PEM. */
  readonly bundle: string;
}

function changesIn(
  object: unknown,
  configuration: WebhookConfiguration,
  options: CaBundleOptions & { readonly roots: string },
): readonly Change[] {
  const { roots, names, clock, lifetimes = LIFETIMES } = options;
  refuseInjected(object, configuration);
  const webhooks = asList(member(object, 'webhooks')).map(asObject);
  const ours = [...webhooks.entries()].filter(([, webhook]) => names.includes(hostOf(webhook) ?? ''));
  if (ours.length === 0) {
    throw new Error(`${describe(configuration)} has no webhook that is called by a name of the certificate`);
  }
  return ours.flatMap(([index, webhook]) => {
    const present = Buffer.from(asText(asObject(webhook.clientConfig).caBundle) ?? '', 'base64').toString('utf8');
    const bundle = missingTrust({ present, roots, now: clock.now(), leafMs: lifetimes.leafMs });
    return bundle === undefined ? [] : [{ index, webhook: asText(webhook.name) ?? '', bundle }];
  });
}

/** cert-manager's cainjector would put its own back at once, and so on for ever. */
function refuseInjected(object: unknown, configuration: WebhookConfiguration): void {
  const annotations = asObject(asObject(member(object, 'metadata')).annotations);
  const injected = Object.keys(annotations).find((name) => name.startsWith('cert-manager.io/inject-'));
  if (injected === undefined) return;
  throw new Error(`${describe(configuration)} is left to cert-manager: its annotation ${injected} asks for that`);
}

/** The name in the certificate that the API server expects of a webhook. */
function hostOf(webhook: JsonObject): string | undefined {
  const { service, url } = asObject(webhook.clientConfig);
  if (isObject(service)) return `${asText(service.name)}.${asText(service.namespace)}.svc`;
  const host = URL.parse(asText(url) ?? '')?.hostname;
  return host?.replace(/^\[|\]$/g, ''); // an IPv6 address is bracketed in a URL only
}

/** Only the caBundle of each webhook; with the resourceVersion it was decided on, which guards the indexes too. */
function patchOf(object: unknown, changes: readonly Change[]): readonly JsonObject[] {
  const { resourceVersion } = asObject(member(object, 'metadata'));
  return [
    { op: 'replace', path: '/metadata/resourceVersion', value: resourceVersion },
    ...changes.map(({ index, bundle }) => ({
      op: 'add',
      path: `/webhooks/${index}/clientConfig/caBundle`,
      value: Buffer.from(bundle).toString('base64'),
    })),
  ];
}

function describe({ kind, name }: WebhookConfiguration): string {
  return `${kind} ${name}`;
}

function admission(resource: string): Resource {
  return { group: 'admissionregistration.k8s.io', version: 'v1', resource };
}
