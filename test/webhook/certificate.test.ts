/** Certificates in the listening server: who gets the new one, who keeps the old one, and what is refused. */
import { X509Certificate } from 'node:crypto';
import { Agent } from 'node:https';
import { connect } from 'node:tls';
import t, { type Test } from 'tap';
import { makeSelfSignedPair } from '../../certs/authority.ts';
import type { Pair } from '../../certs/pair.ts';
import { systemClock } from '../../kube/clock.ts';
import { swapCertificate } from '../../webhook/server.ts';
import { fixture, serialOf } from '../certs/build.ts';
import { type Call, call, type Target } from './client.ts';
import { HOST, type Listening, listen } from './listening.ts';

const ECDSA = fixture('ecdsa');

interface Clients {
  /** On a connection of its own each time. */
  readonly fresh: () => Promise<Call>;
  /** Always on the same connection, as long as that lives. */
  readonly kept: () => Promise<Call>;
}

function clients(t: Test, { port, pair }: Listening, further: readonly string[] = []): Clients {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  t.teardown(() => agent.destroy());
  const ca = [pair.authority, ECDSA.certificate, ...further];
  const target: Target = { port, ca, agent };
  return { fresh: () => call({ ...target, agent: false }), kept: () => call(target) };
}

const contextOf = ({ certificate, key }: Pair): { cert: string; key: string } => ({ cert: certificate, key });
const typeOf = ({ certificate }: Pair): string | undefined =>
  new X509Certificate(certificate).publicKey.asymmetricKeyType;

t.test(
  'after a swap new connections get the new pair, and an open one goes on with the old, RSA to ECDSA and back',
  async (t) => {
    const server = await listen(t);
    const another = await makeSelfSignedPair([HOST], systemClock);
    const { fresh, kept } = clients(t, server, [another.authority]);
    t.strictSame([server.pair, ECDSA, another].map(typeOf), ['rsa', 'ec', 'rsa']);
    const first = await kept();
    t.equal(first.serial, serialOf(server.pair.certificate));

    for (const pair of [ECDSA, another, ECDSA]) {
      swapCertificate(server.app, contextOf(pair));
      t.equal((await fresh()).serial, serialOf(pair.certificate));
      const again = await kept();
      t.equal(again.serial, first.serial);
      t.equal(again.port, first.port, 'it is the same connection');
      t.equal(again.status, 200);
    }
  },
);

const BAD: readonly { readonly name: string; readonly pair: (good: Pair) => Pair }[] = [
  { name: 'whose key belongs to another certificate', pair: ({ key }) => ({ certificate: ECDSA.certificate, key }) },
  { name: 'whose key is of the same type and another', pair: ({ certificate }) => ({ certificate, key: ECDSA.key }) },
  {
    name: 'whose certificate is cut off',
    pair: ({ certificate, key }) => ({ certificate: certificate.slice(0, 300), key }),
  },
  { name: 'whose key is cut off', pair: ({ certificate, key }) => ({ certificate, key: key.slice(0, 300) }) },
  { name: 'that is empty text in both', pair: () => ({ certificate: 'nothing', key: 'nothing' }) },
  { name: 'whose key is too small', pair: () => fixture('rsa-1024') },
];

for (const { name, pair } of BAD) {
  t.test(`a pair ${name} is thrown out, and the last good one stays`, async (t) => {
    const server = await listen(t);
    const { fresh, kept } = clients(t, server);
    const { serial, port } = await kept();
    t.throws(() => swapCertificate(server.app, contextOf(pair(server.pair))));
    t.equal((await fresh()).serial, serial);
    t.equal((await kept()).port, port);
    swapCertificate(server.app, contextOf(ECDSA));
    t.equal((await fresh()).serial, serialOf(ECDSA.certificate), 'a good one is taken afterwards');
  });
}

t.test('a request under way when the certificate changes is answered on its connection', async (t) => {
  const entered = Promise.withResolvers<void>();
  const gate = Promise.withResolvers<void>();
  const mutate = async (): Promise<object> => {
    entered.resolve();
    await gate.promise;
    return {};
  };
  const server = await listen(t, { mutate });
  const { kept } = clients(t, server);
  const answer = kept();
  await entered.promise;
  swapCertificate(server.app, contextOf(ECDSA));
  gate.resolve();
  const { status, serial } = await answer;
  t.strictSame([status, serial], [200, serialOf(server.pair.certificate)]);
});

for (const [protocol, expected] of [
  ['TLSv1.3', 'TLSv1.3'],
  ['TLSv1.2', 'TLSv1.2'],
  ['TLSv1.1', 'refused'],
] as const) {
  t.test(`a client of ${protocol} gets ${expected}, after a swap too`, async (t) => {
    const server = await listen(t);
    t.equal(await protocolOf(server.port, protocol), expected);
    swapCertificate(server.app, contextOf(ECDSA));
    t.equal(await protocolOf(server.port, protocol), expected);
  });
}

function protocolOf(port: number, version: 'TLSv1.1' | 'TLSv1.2' | 'TLSv1.3'): Promise<string | null> {
  return new Promise((resolve) => {
    // The ciphers as old as TLS 1.1 have to be asked for; else the client itself would not try.
    const ciphers = 'DEFAULT:@SECLEVEL=0';
    const options = { host: HOST, port, minVersion: version, maxVersion: version, ciphers, rejectUnauthorized: false };
    const socket = connect(options, () => {
      resolve(socket.getProtocol());
      socket.destroy();
    });
    socket.on('error', () => resolve('refused'));
  });
}
