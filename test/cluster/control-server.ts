import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { constants } from 'node:os';
import { COMPONENTS, type ComponentName } from './versions.ts';

/** What can be asked of a running cluster from any process that can read its state file. */
export interface Control {
  signal(component: ComponentName, signal: NodeJS.Signals): void;
  restart(component: ComponentName): Promise<void>;
  stop(): void;
}

/** Serves `control` on a free loopback port, for those who know the token; returns the port. */
export async function startControlServer(control: Control, token: string): Promise<number> {
  const server = createServer((request, response) => void answer(control, token, request, response));
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  return (server.address() as AddressInfo).port;
}

async function answer(
  control: Control,
  token: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if (request.headers.authorization !== `Bearer ${token}`) {
    response.writeHead(401).end();
    return;
  }
  try {
    await act(control, new URL(request.url ?? '/', 'http://127.0.0.1'));
    response.writeHead(200).end();
  } catch (error) {
    response.writeHead(400).end(error instanceof Error ? error.message : String(error));
  }
}

async function act(control: Control, { pathname, searchParams }: URL): Promise<void> {
  switch (pathname) {
    case '/stop':
      control.stop();
      return;
    case '/signal':
      control.signal(componentOf(searchParams), signalOf(searchParams));
      return;
    case '/restart':
      await control.restart(componentOf(searchParams));
      return;
    default:
      throw new Error(`unknown request ${pathname}: use /stop, /signal or /restart`);
  }
}

function componentOf(parameters: URLSearchParams): ComponentName {
  const asked = parameters.get('component');
  const found = COMPONENTS.find((component) => component === asked);
  if (found === undefined) throw new Error(`unknown component "${asked}": use one of ${COMPONENTS.join(', ')}`);
  return found;
}

function signalOf(parameters: URLSearchParams): NodeJS.Signals {
  const asked = parameters.get('signal') ?? '';
  if (!Object.hasOwn(constants.signals, asked))
    throw new Error(`unknown signal "${asked}": use a name such as SIGSTOP`);
  return asked as NodeJS.Signals;
}
