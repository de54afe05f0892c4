/**
 * The command against an API server in memory: for what a real one cannot be made to show at a chosen moment, as a
 * conflict, a refusal or a signal between two writes. That it works on a real one is tested in test/live.
 */
import t, { type Test } from 'tap';
import { CLEAN_UP_OPTIONS } from '../../cli/commands.ts';
import { parseOptions } from '../../cli/parse-options.ts';
import { cleanUp } from '../../cli/run-clean-up.ts';
import { asObject, isObject, type JsonObject } from '../../core/json.ts';
import { LAST_RELOADED_FROM, RELOADER, WAVE } from '../../core/names.ts';
import { WORKLOAD_KINDS } from '../../core/workload.ts';
import { KubeError } from '../../kube/error.ts';
import { CONFIG_MAPS, type Resource, resourcePath, SECRETS } from '../../kube/path.ts';
import type { KubeRequest, KubeTransport } from '../../kube/transport.ts';
import { run as runCommandLine } from './surroundings.ts';

const RESOURCES: ReadonlyMap<unknown, Resource> = new Map<unknown, Resource>([
  ['ConfigMap', CONFIG_MAPS],
  ['Secret', SECRETS],
  ...WORKLOAD_KINDS.map((kind) => [kind.kind, kind] as const),
]);

/** Discovery, lists in pages of two, reads, and merge patches with a resourceVersion as their precondition. */
class Memory implements KubeTransport {
  readonly requests: KubeRequest[] = [];
  /** Called before a request is answered; what it throws is the answer. */
  before: (request: KubeRequest) => void = () => {};
  /** Groups besides those of Kubernetes. */
  groups: readonly string[] = [];
  readonly #objects = new Map<string, JsonObject>();
  #version = 0;

  constructor(...objects: readonly JsonObject[]) {
    for (const object of objects) this.put(object);
  }

  get writes(): readonly string[] {
    return this.requests.flatMap(({ method, path }) => (method === 'GET' ? [] : [`${method} ${path}`]));
  }

  get(object: JsonObject): JsonObject {
    return this.#objects.get(pathOf(object)) ?? {};
  }

  put(object: JsonObject): void {
    this.#version += 1;
    const metadata = { ...asObject(object.metadata), resourceVersion: String(this.#version) };
    this.#objects.set(pathOf(object), { ...object, metadata });
  }

  remove(object: JsonObject): void {
    this.#objects.delete(pathOf(object));
  }

  async request(request: KubeRequest): Promise<unknown> {
    this.requests.push(request);
    this.before(request);
    const object = this.#objects.get(request.path);
    const answer = request.method === 'PATCH' ? this.#patch(request, object) : (object ?? this.#listed(request));
    const isMetadata = request.accept?.includes('PartialObjectMetadata') === true;
    return isMetadata ? withoutContent(answer) : answer;
  }

  // biome-ignore lint/correctness/useYield: the command watches nothing.
  async *stream(request: KubeRequest): AsyncIterable<Buffer> {
    throw fault(request, 405);
  }

  close(): void {}

  #listed(request: KubeRequest): JsonObject {
    const { path, query } = request;
    if (path === '/apis') return { groups: ['apps', 'batch', ...this.groups].map(groupOf) };
    const kinds = [...RESOURCES.values()];
    if (kinds.some((kind) => path === resourcePath({ ...kind, resource: '' }).slice(0, -1))) return served(path);
    const start = Number(query?.continue ?? 0);
    const all = [...this.#objects.values()].filter((object) => listsOf(object).includes(path));
    if (all.length === 0 && !kinds.some(({ resource }) => path.endsWith(`/${resource}`))) throw fault(request, 404);
    const more = all.length > start + 2 ? { continue: String(start + 2) } : {};
    return { metadata: { resourceVersion: '1', ...more }, items: all.slice(start, start + 2) };
  }

  #patch(request: KubeRequest, old: JsonObject | undefined): JsonObject {
    if (old === undefined) throw fault(request, 404);
    const patch = asObject(request.body);
    if (asObject(patch.metadata).resourceVersion !== asObject(old.metadata).resourceVersion) throw fault(request, 409);
    this.put(asObject(merged(old, patch)));
    return this.get(old);
  }
}

function groupOf(name: string): JsonObject {
  const versions = WORKLOAD_KINDS.filter(({ group }) => group === name).map(({ version }) => version);
  return { name, versions: versions.map((version) => ({ groupVersion: `${name}/${version}` })) };
}

function served(path: string): JsonObject {
  const kinds = WORKLOAD_KINDS.filter(({ group, version }) => path === `/apis/${group}/${version}`);
  return { resources: kinds.map(({ resource, apiKind }) => ({ name: resource, kind: apiKind, namespaced: true })) };
}

function listsOf(object: JsonObject): readonly string[] {
  const resource = resourceOf(object);
  return [resourcePath(resource), resourcePath(resource, { namespace: namespaceOf(object) })];
}

function pathOf(object: JsonObject): string {
  const { name } = asObject(object.metadata);
  return resourcePath(resourceOf(object), { namespace: namespaceOf(object), name: String(name) });
}

function namespaceOf({ metadata }: JsonObject): string {
  return String(asObject(metadata).namespace);
}

function resourceOf({ kind }: JsonObject): Resource {
  const resource = RESOURCES.get(kind);
  if (resource === undefined) throw new Error(`there is no ${String(kind)} in this test`);
  return resource;
}

function withoutContent(answer: unknown): unknown {
  const { metadata, items } = asObject(answer);
  return Array.isArray(items) ? { metadata, items: items.map(withoutContent) } : { metadata };
}

/** RFC 7386. */
function merged(old: unknown, patch: unknown): unknown {
  if (!isObject(patch)) return patch;
  const result: Record<string, unknown> = { ...asObject(old) };
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) delete result[name];
    else result[name] = merged(result[name], value);
  }
  return result;
}

function fault({ method, path }: Pick<KubeRequest, 'method' | 'path'>, status: number): KubeError {
  return new KubeError(`${method} ${path}`, { status, reason: 'Refused' });
}

interface Fields {
  readonly kind?: string;
  readonly namespace?: string;
  readonly name?: string;
  readonly metadata?: JsonObject;
  readonly spec?: JsonObject;
  readonly template?: JsonObject;
}

function workload(fields: Fields): JsonObject {
  const { kind = 'Deployment', namespace = 'shop', name = 'web', metadata, spec, template } = fields;
  return {
    kind,
    metadata: { namespace, name, uid: `uid-${name}`, ...metadata },
    spec: { ...spec, template: { spec: { containers: [] }, ...template } },
  };
}

const reloaded = (fields: Fields = {}): JsonObject =>
  workload({ ...fields, template: { metadata: { annotations: { [LAST_RELOADED_FROM]: '{}', kept: 'yes' } } } });

const finalized = (fields: Fields = {}): JsonObject =>
  workload({ ...fields, metadata: { finalizers: [WAVE.finalizer], ...fields.metadata } });

/** A ConfigMap or Secret that names the Deployment `owner` as wave did. */
function owned(kind: 'ConfigMap' | 'Secret', name: string, owner = 'web'): JsonObject {
  const reference = { apiVersion: 'apps/v1', kind: 'Deployment', name: owner, uid: `uid-${owner}` };
  const ownerReferences = [{ ...reference, controller: false, blockOwnerDeletion: true }];
  return { kind, metadata: { namespace: 'shop', name, ownerReferences }, data: { password: 'hunter2' } };
}

interface Said {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function run(transport: KubeTransport, argv: readonly string[], stop = new AbortController()): Promise<Said> {
  const parsed = parseOptions(CLEAN_UP_OPTIONS, argv, {});
  if (!parsed.ok) throw new Error(parsed.faults.join('; '));
  let stdout = '';
  let stderr = '';
  const code = await cleanUp(parsed.values, {
    transport,
    stop: stop.signal,
    stdout: (text) => {
      stdout += text;
    },
    stderr: (text) => {
      stderr += text;
    },
  });
  return { code, stdout, stderr };
}

function lines(...texts: readonly string[]): string {
  return texts.map((text) => `${text}\n`).join('');
}

t.test(
  'without --yes it shows each object on a line, with what becomes of its pods, and changes nothing',
  async (t) => {
    const api = new Memory(
      finalized({ template: { metadata: { annotations: { [LAST_RELOADED_FROM]: '{}' } } } }),
      reloaded({ name: 'held', spec: { paused: true } }),
      workload({ name: 'clean' }),
      owned('Secret', 'app'),
    );
    const { code, stdout, stderr } = await run(api, []);
    t.equal(code, 0);
    t.equal(stderr, '');
    t.equal(
      stdout,
      lines(
        'PODS   OBJECT                WHAT IS LEFT',
        'stay   Secret shop/app       wave: owner reference to Deployment web',
        'roll   Deployment shop/web   Reloader: last-reloaded-from; wave: finalizer',
        'later  Deployment shop/held  Reloader: last-reloaded-from',
        '',
        '3 objects to clean up; removing what is left on each:',
        '  roll      1  replaces its pods: its pod template changes, or its pause ends',
        '  later     1  gets a new pod template that waits: paused, OnDelete, or a CronJob',
        '  stay      1  has no pod touched',
        '',
        'Nothing has been changed. To remove it:',
        '  restamp clean-up --yes',
      ),
    );
    t.strictSame(api.writes, []);
  },
);

t.test('the command line it shows has the options it was given', async (t) => {
  const argv = ['--kubeconfig=/my files/config', '--namespaces=shop,b', '--of=reloader'];
  const { stdout } = await run(new Memory(reloaded()), argv);
  t.match(stdout, "restamp clean-up --kubeconfig='/my files/config' --namespaces=shop,b --of=reloader --yes\n");
});

t.test('a long list of variables is cut, a long name pushes out its own line only', async (t) => {
  const env = ['A', 'B', 'C', 'D', 'E'].map((name) => ({ name: `STAKATER_${name}_SECRET`, value: 'x' }));
  const template = { spec: { containers: [{ name: 'app', env }] } };
  const api = new Memory(workload({ name: 'n'.repeat(60), template }), reloaded());
  const { stdout } = await run(api, []);
  t.match(stdout, `${'n'.repeat(60)}  Reloader: STAKATER_A_SECRET, STAKATER_B_SECRET, STAKATER_C_SECRET, 2 more\n`);
  t.match(stdout, `roll   Deployment shop/web  Reloader`);
});

t.test('with --yes it removes everything, references before what they name, and says so', async (t) => {
  const api = new Memory(finalized(), reloaded({ name: 'api' }), owned('Secret', 'app'), owned('ConfigMap', 'app'));
  const { code, stdout, stderr } = await run(api, ['--yes']);
  t.equal(
    stdout,
    lines(
      '[1/4] removed  ConfigMap shop/app   wave: owner reference to Deployment web',
      '[2/4] removed  Secret shop/app      wave: owner reference to Deployment web',
      '[3/4] removed  Deployment shop/web  wave: finalizer',
      '[4/4] removed  Deployment shop/api  Reloader: last-reloaded-from (pods: roll)',
      '',
      '4 objects cleaned up, 0 failed.',
    ),
  );
  t.strictSame([code, stderr], [0, '']);
  t.strictSame(asObject(api.get(owned('Secret', 'app')).metadata).ownerReferences, []);
  t.strictSame(asObject(api.get(owned('Secret', 'app'))).data, { password: 'hunter2' });
  t.strictSame(asObject(api.get(finalized()).metadata).finalizers, []);
  const template = asObject(asObject(api.get(reloaded({ name: 'api' })).spec).template);
  t.strictSame(asObject(template.metadata).annotations, { kept: 'yes' });
  for (const { query, contentType } of api.requests.filter(({ method }) => method === 'PATCH')) {
    t.strictSame([query, contentType], [{ fieldManager: 'restamp' }, 'application/merge-patch+json']);
  }
  const again = await run(api, ['--yes']);
  t.strictSame([again.code, again.stdout], [0, 'Nothing of Reloader or wave is left in any namespace.\n']);
});

t.test('no content of a ConfigMap or Secret is asked for or said', async (t) => {
  const api = new Memory(finalized(), owned('Secret', 'app'), owned('ConfigMap', 'app'));
  const { stdout } = await run(api, ['--yes']);
  const touched = api.requests.filter(({ path }) => /\/(secrets|configmaps)/.test(path));
  t.equal(touched.length, 6, 'two lists, two reads, two writes');
  for (const { accept } of touched) t.match(accept, 'PartialObjectMetadata');
  t.notMatch(stdout, 'hunter2');
});

t.test('ConfigMaps and Secrets are looked at only where wave has been', async (t) => {
  const api = new Memory(finalized(), reloaded({ namespace: 'other', name: 'x' }), owned('Secret', 'app'));
  const listed = async (argv: readonly string[]): Promise<readonly string[]> => {
    api.requests.length = 0;
    await run(api, argv);
    return api.requests.flatMap(({ path }) => (path.startsWith('/api/') ? [path] : []));
  };
  t.strictSame(await listed([]), ['/api/v1/namespaces/shop/configmaps', '/api/v1/namespaces/shop/secrets']);
  t.strictSame(await listed(['--namespaces=other']), []);
  t.strictSame(await listed(['--of=reloader']), []);
});

t.test('with --namespaces each is listed by itself, and nothing else', async (t) => {
  const api = new Memory(reloaded(), reloaded({ namespace: 'other', name: 'x' }), reloaded({ namespace: 'b' }));
  const { stdout } = await run(api, ['--namespaces=shop,b', '--yes']);
  t.match(stdout, '2 objects cleaned up');
  t.ok(api.writes.every((write) => !write.includes('/other/')));
  t.notOk(api.requests.some(({ path }) => path === '/apis/apps/v1/deployments'));
});

t.test('lists of several pages are read to their end', async (t) => {
  const api = new Memory(...[1, 2, 3, 4, 5].map((number) => reloaded({ name: `web-${number}` })));
  t.match((await run(api, [])).stdout, '5 objects to clean up');
});

t.test('kinds that are not served are not asked for, those that are count', async (t) => {
  const api = new Memory(reloaded(), reloaded({ kind: 'Rollout', name: 'canary' }));
  t.match((await run(api, [])).stdout, '1 object to clean up');
  t.notOk(api.requests.some(({ path }) => path.includes('rollouts')));
  api.groups = ['argoproj.io'];
  t.match((await run(api, [])).stdout, 'Rollout shop/canary');
});

t.test('what is left in the template of a Job is counted, and not tried', async (t) => {
  const api = new Memory(reloaded({ kind: 'Job' }));
  const { code, stdout } = await run(api, ['--yes']);
  t.strictSame([code, api.writes], [0, []]);
  t.match(stdout, '1 Job not counted: the pod template of a Job cannot be changed');
});

const isPatch = ({ method }: KubeRequest): boolean => method === 'PATCH';

t.test('what somebody else changes meanwhile is read again, and their change stays', async (t) => {
  const api = new Memory(reloaded());
  let conflicts = 0;
  api.before = (request) => {
    if (!isPatch(request) || conflicts === 2) return;
    conflicts += 1;
    const old = api.get(reloaded());
    api.put({ ...old, metadata: { ...asObject(old.metadata), labels: { change: String(conflicts) } } });
  };
  const { code, stdout } = await run(api, ['--yes']);
  t.equal(code, 0, stdout);
  t.equal(api.writes.length, 3);
  t.strictSame(asObject(api.get(reloaded()).metadata).labels, { change: '2' });
});

t.test('what is changed again and again is given up, and named', async (t) => {
  const api = new Memory(reloaded(), reloaded({ name: 'api' }));
  api.before = (request) => {
    if (isPatch(request) && request.path.endsWith('/web')) throw fault(request, 409);
  };
  const { code, stdout, stderr } = await run(api, ['--yes']);
  t.equal(code, 1);
  t.match(stdout, '[1/2] failed   Deployment shop/web  it was changed by others 10 times meanwhile\n[2/2] removed');
  t.match(stdout, '1 object cleaned up, 1 failed.');
  t.equal(stderr, 'restamp clean-up: failed, give the command again to retry:\n  Deployment shop/web\n');
});

t.test('a write that is refused is named with the reason, and the rest goes on', async (t) => {
  const api = new Memory(reloaded(), reloaded({ name: 'api' }));
  api.before = (request) => {
    if (isPatch(request) && request.path.endsWith('/web')) throw fault(request, 403);
  };
  const { code, stdout } = await run(api, ['--yes']);
  t.equal(code, 1);
  const path = '/apis/apps/v1/namespaces/shop/deployments/web';
  t.match(stdout, `[1/2] failed   Deployment shop/web  PATCH ${path}: 403 Refused\n[2/2] removed`);
});

t.test('what has gone meanwhile, or has been cleaned up by somebody else, is no failure', async (t) => {
  const api = new Memory(reloaded(), reloaded({ name: 'api' }), reloaded({ name: 'db' }));
  api.before = ({ path }) => {
    if (!path.endsWith('/web')) return;
    api.remove(reloaded());
    api.put(workload({ name: 'api' }));
  };
  const { code, stdout } = await run(api, ['--yes']);
  t.equal(code, 0, stdout);
  t.match(stdout, '[1/3] gone     Deployment shop/web\n[2/3] gone     Deployment shop/api\n[3/3] removed');
  t.match(stdout, '1 object cleaned up, 2 gone meanwhile, 0 failed.');
});

t.test('a kind that may not be listed is named in a warning, the rest is done, and it ends with 1', async (t) => {
  const api = new Memory(reloaded());
  api.before = (request) => {
    if (request.path.endsWith('/statefulsets')) throw fault(request, 403);
  };
  const { code, stdout, stderr } = await run(api, ['--yes']);
  t.equal(code, 1);
  t.match(stdout, '1 object cleaned up, 0 failed.');
  t.equal(
    stderr,
    lines(
      'restamp clean-up: StatefulSet cannot be listed and is left out: GET /apis/apps/v1/statefulsets: 403 Refused (--namespaces asks in those alone)',
    ),
  );
  const again = await run(api, ['--yes', '--namespaces=shop']);
  t.equal(again.code, 1);
  t.match(again.stdout, 'is left in namespace shop, as far as it could be looked at.\n');
  t.notMatch(again.stderr, 'asks in those');
});

t.test(
  'a group of kinds that cannot be asked after is a warning, those of Kubernetes itself are an error',
  async (t) => {
    const api = new Memory(reloaded());
    api.groups = ['apps.openshift.io'];
    const refuse = (group: string) => (request: KubeRequest) => {
      if (request.path === `/apis/${group}/v1`) throw fault(request, 503);
    };
    api.before = refuse('apps.openshift.io');
    const { code, stderr } = await run(api, []);
    t.equal(code, 1);
    t.match(stderr, 'DeploymentConfig cannot be looked for: GET /apis/apps.openshift.io/v1: 503');
    api.before = refuse('apps');
    await t.rejects(run(api, []), { message: /503/ });
  },
);

for (const status of [0, 401]) {
  t.test(`a list that is answered with ${status} ends it: nothing else would be answered either`, async (t) => {
    const api = new Memory(reloaded());
    api.before = (request) => {
      if (request.path.endsWith('/deployments')) throw fault(request, status);
    };
    await t.rejects(run(api, ['--yes']), KubeError);
    t.strictSame(api.writes, []);
  });
}

t.test('an answer that is no list is not taken for one without objects', async (t) => {
  const api = new Memory(finalized(), owned('Secret', 'token'));
  const real = api.request.bind(api);
  api.request = async (request) => (request.path.endsWith('/secrets') ? { message: 'from a proxy' } : real(request));
  await t.rejects(run(api, ['--yes']), { message: /secrets: no answer not a list/ });
  t.strictSame(api.writes, [], 'above all, no finalizer is removed for want of references');
});

t.test("wave's finalizer stays while a reference may be left where nobody could look", async (t) => {
  const api = new Memory(
    finalized({ template: { metadata: { annotations: { [WAVE.configHash]: 'x' } } } }),
    finalized({ name: 'only' }),
    finalized({ namespace: 'other', name: 'far' }),
  );
  api.before = (request) => {
    if (request.path.endsWith('/shop/secrets')) throw fault(request, 403);
  };
  const { code, stdout, stderr } = await run(api, ['--yes']);
  t.equal(code, 1);
  t.match(stderr, "Deployment shop/web keeps wave's finalizer: a ConfigMap or Secret may still name it as its owner\n");
  t.match(
    stdout,
    '[1/2] removed  Deployment shop/web   wave: config-hash (pods: roll)\n[2/2] removed  Deployment other/far',
  );
  t.strictSame(asObject(api.get(finalized()).metadata).finalizers, [WAVE.finalizer]);
});

t.test("wave's finalizer stays on the owner of a reference that could not be removed", async (t) => {
  const api = new Memory(finalized(), finalized({ name: 'api' }), owned('Secret', 'app'));
  api.before = (request) => {
    if (isPatch(request) && request.path.endsWith('/secrets/app')) throw fault(request, 403);
  };
  const { code, stdout, stderr } = await run(api, ['--yes']);
  t.equal(code, 1);
  t.match(
    stdout,
    "Deployment shop/web  keeps wave's finalizer: what could not be changed still names it as its owner\n",
  );
  t.match(stdout, '1 object cleaned up, 2 failed.');
  t.match(stderr, '  Secret shop/app\n  Deployment shop/web\n');
  t.strictSame(asObject(api.get(finalized()).metadata).finalizers, [WAVE.finalizer]);
});

function stopAt(api: Memory, isMoment: (request: KubeRequest) => boolean): AbortController {
  const stop = new AbortController();
  api.before = (request) => {
    if (isMoment(request)) stop.abort();
    if (request.signal?.aborted) throw fault(request, 0);
  };
  return stop;
}

t.test('a signal stops it between two writes, and it says what is left', async (t) => {
  const api = new Memory(reloaded(), reloaded({ name: 'api' }), reloaded({ name: 'db' }));
  const { code, stdout, stderr } = await run(api, ['--yes'], stopAt(api, isPatch));
  t.equal(code, 1);
  t.strictSame(api.writes.length, 1);
  t.match(stdout, '[1/3] removed  Deployment shop/web', 'the write that was under way is finished');
  t.match(stdout, '1 object cleaned up, 0 failed.');
  t.equal(stderr, 'restamp clean-up: stopped, not dealt with:\n  Deployment shop/api\n  Deployment shop/db\n');
});

t.test('a signal while it looks around ends it before anything is changed', async (t) => {
  const api = new Memory(reloaded());
  const stop = stopAt(api, ({ path }) => path.endsWith('/deployments'));
  const { code, stdout, stderr } = await run(api, ['--yes'], stop);
  t.strictSame([code, stdout, api.writes], [1, '', []]);
  t.equal(stderr, 'restamp clean-up: stopped, nothing has been changed\n');
});

t.test('a pause that is over is ended, one that is still asked for goes on', async (t) => {
  const pausedAt = { [RELOADER.pausedAt]: '2030-01-01T00:00:00Z' };
  const over = workload({ metadata: { annotations: pausedAt }, spec: { paused: true } });
  const annotations = { ...pausedAt, [RELOADER.pausePeriod]: '5m' };
  const on = workload({ name: 'api', metadata: { annotations }, spec: { paused: true } });
  const api = new Memory(over, on);
  t.match((await run(api, ['--yes'])).stdout, '[1/1] removed  Deployment shop/web  Reloader: paused-at (pods: roll)');
  t.strictSame([asObject(api.get(over).spec).paused, asObject(api.get(on).spec).paused], [false, true]);
});

async function help(t: Test, argv: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await runCommandLine(argv);
  t.strictSame([code, stderr], [0, '']);
  return stdout;
}

t.test('"restamp clean-up --help" lists its options within 80 columns, and starts nothing', async (t) => {
  const stdout = await help(t, ['clean-up', '--kubeconfig=/nowhere', '--help']);
  const listed = stdout.split('\n').filter((line) => line.startsWith('  --'));
  t.strictSame(
    listed.map((line) => line.match(/--([a-z]+)/)?.[1]),
    Object.keys(CLEAN_UP_OPTIONS),
  );
  for (const line of listed) t.ok(line.length <= 80, line);
});

t.test('"restamp clean-up" with wrong options, or without an API server, says so in a line', async (t) => {
  t.strictSame(await runCommandLine(['clean-up', '--of=flux', '--all']), {
    ...{ code: 2, stdout: '' },
    stderr: lines(
      'restamp clean-up: --all is not known; see --help',
      'restamp clean-up: --of is "flux"; it must be reloader, wave or both',
    ),
  });
  t.strictSame(await runCommandLine(['clean-up', '--kubeconfig=/nowhere/kubeconfig']), {
    ...{ code: 1, stdout: '' },
    stderr: 'restamp clean-up: --kubeconfig is "/nowhere/kubeconfig", which cannot be read: ENOENT\n',
  });
});
