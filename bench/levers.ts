/** Ways to start Node, to be measured one by one. */
import { NODE_ENVIRONMENT, NODE_FLAGS } from '../cli/bundle.ts';

export interface Lever {
  readonly name: string;
  readonly flags: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
}

export const SHIPPED: Lever = { name: 'as shipped', flags: NODE_FLAGS, environment: NODE_ENVIRONMENT };

const lever = (flags: readonly string[], environment: Lever['environment'] = {}): Lever => ({
  name: [...Object.entries(environment).map(([name, value]) => `${name}=${value}`), ...flags].join(' '),
  flags,
  environment,
});

const ARENA = { MALLOC_ARENA_MAX: '1' };

/** Each by itself, then those that are shipped with one of them left out, then those that could be added to them. */
export const LEVERS: readonly Lever[] = [
  { name: 'none', flags: [], environment: {} },
  lever([], ARENA),
  lever(['--max-semi-space-size=1']),
  lever(['--max-old-space-size=48']),
  lever(['--optimize-for-size']),
  lever(['--no-opt']),
  lever(['--no-opt'], ARENA),
  lever(['--optimize-for-size'], ARENA),
  lever(['--optimize-for-size', '--no-opt']),
  SHIPPED,
  lever([...NODE_FLAGS, '--max-semi-space-size=1'], ARENA),
  lever(['--lite-mode'], ARENA),
];
