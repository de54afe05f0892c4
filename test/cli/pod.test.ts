import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { RequestOptions } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { type Access, isPod, podAccess } from '../../cli/pod.ts';

const root = await mkdtemp(join(tmpdir(), 'restamp-pod-'));
t.teardown(() => rm(root, { recursive: true, force: true }));
const directory = join(root, 'var/run/secrets/kubernetes.io/serviceaccount');
await mkdir(directory, { recursive: true });

const environment = {
  KUBERNETES_SERVICE_HOST: '10.0.0.1',
  KUBERNETES_SERVICE_PORT: '443',
  CONTAINER_SANDBOX_MOUNT_POINT: root,
};
const time = { now: 0 };
const clock = { monotonic: (): number => time.now };

const mount = async (token: string): Promise<void> => {
  await writeFile(join(directory, 'token'), `${token}\n`);
  await writeFile(join(directory, 'ca.crt'), `ca of ${token}`);
};
const unmount = async (): Promise<void> => {
  await rm(join(directory, 'token'), { force: true });
};

async function optionsOf(access: Access): Promise<RequestOptions> {
  const options: RequestOptions = { headers: { accept: 'text/plain' } };
  await access.applyToHTTPSOptions(options);
  return options;
}

t.beforeEach(async () => {
  time.now = 0;
  await mount('first');
});

t.test('a pod is where Kubernetes says its address and mounts a token', async (t) => {
  t.equal(isPod(environment), true);
  t.equal(isPod({ ...environment, KUBERNETES_SERVICE_HOST: undefined }), false);
  t.equal(isPod({ ...environment, KUBERNETES_SERVICE_PORT: '' }), false);
  await unmount();
  t.equal(isPod(environment), false);
});

t.test('the server is the one that Kubernetes names, over https', async (t) => {
  t.equal(podAccess(environment, clock).getCurrentCluster()?.server, 'https://10.0.0.1:443');
  const ipv6 = podAccess({ ...environment, KUBERNETES_SERVICE_HOST: 'fd00::1' }, clock);
  t.equal(ipv6.getCurrentCluster()?.server, 'https://[fd00::1]:443');
});

t.test('a request carries the token and what the server has to prove, and keeps its own headers', async (t) => {
  t.strictSame(await optionsOf(podAccess(environment, clock)), {
    ca: 'ca of first',
    headers: { accept: 'text/plain', authorization: 'Bearer first' },
  });
});

t.test('a new token and a new CA are taken up within a minute', async (t) => {
  const access = podAccess(environment, clock);
  await optionsOf(access);
  await mount('second');
  time.now = 59_999;
  t.equal((await optionsOf(access)).ca, 'ca of first');
  time.now = 60_000;
  t.match(await optionsOf(access), { ca: 'ca of second', headers: { authorization: 'Bearer second' } });
});

t.test('while the files cannot be read, the last ones are used, and new ones as soon as they are there', async (t) => {
  const access = podAccess(environment, clock);
  await optionsOf(access);
  await unmount();
  time.now = 60_000;
  t.match(await optionsOf(access), { headers: { authorization: 'Bearer first' } });
  await mount('second');
  t.match(await optionsOf(access), { headers: { authorization: 'Bearer second' } });
});

t.test('without files from the start a request fails, and the next one looks for them again', async (t) => {
  await unmount();
  const access = podAccess(environment, clock);
  await t.rejects(optionsOf(access), { code: 'ENOENT' });
  await mount('first');
  t.match(await optionsOf(access), { headers: { authorization: 'Bearer first' } });
});
