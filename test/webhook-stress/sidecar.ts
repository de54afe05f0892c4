/** Somebody else's mutating webhook: it gives pods a sidecar that takes a ConfigMap of its own. */
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { makeSelfSignedPair } from '../../certs/authority.ts';
import { asList, asObject, type JsonObject, parseJson } from '../../core/json.ts';
import { systemClock } from '../../kube/clock.ts';
import { container, envFrom } from '../live/manifest.ts';

export const SIDECAR_CONFIG = 'sidecar';

/** What it puts into a pod template, for those who have it in their manifest. */
export const SIDECAR: JsonObject = container('sidecar', envFrom('configMapRef', SIDECAR_CONFIG));

export interface Sidecars {
  /** Manifest of a webhook configuration that has workloads with the label `sidecar: VALUE` given one. */
  readonly configuration: (name: string, label: string) => JsonObject;
  stop(): Promise<void>;
}

export async function startSidecars(): Promise<Sidecars> {
  const pair = await makeSelfSignedPair(['localhost'], systemClock);
  const server = createServer({ cert: pair.certificate, key: pair.key }, (request, response) => {
    let body = '';
    request.setEncoding('utf8');
    request.on('data', (text) => {
      body += text;
    });
    request.on('end', () => {
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify(answerTo(parseJson(body))));
    });
  });
  const port = await listening(server);
  const caBundle = Buffer.from(pair.authority).toString('base64');
  return {
    configuration: (name, label) => configuration(name, { label, url: `https://localhost:${port}/`, caBundle }),
    stop: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

function answerTo(review: unknown): JsonObject {
  const request = asObject(asObject(review).request);
  const template = asObject(asObject(asObject(request.object).spec).template);
  const has = asList(asObject(template.spec).containers).some((item) => asObject(item).name === SIDECAR.name);
  const patch = [{ op: 'add', path: '/spec/template/spec/containers/-', value: SIDECAR }];
  return {
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    response: {
      ...{ uid: request.uid, allowed: true },
      ...(has ? {} : { patchType: 'JSONPatch', patch: Buffer.from(JSON.stringify(patch)).toString('base64') }),
    },
  };
}

function configuration(name: string, client: { label: string; url: string; caBundle: string }): JsonObject {
  const { label, url, caBundle } = client;
  return {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'MutatingWebhookConfiguration',
    metadata: { name },
    webhooks: [
      {
        ...{ name: `${name}.example.com`, admissionReviewVersions: ['v1'], sideEffects: 'None' },
        ...{ failurePolicy: 'Fail', reinvocationPolicy: 'IfNeeded', clientConfig: { url, caBundle } },
        objectSelector: { matchLabels: { sidecar: label } },
        rules: [
          { apiGroups: ['apps'], apiVersions: ['v1'], resources: ['deployments'], operations: ['CREATE', 'UPDATE'] },
        ],
      },
    ],
  };
}

function listening(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject).listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  });
}
