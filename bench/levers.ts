/** Ways to start Node, to be measured one by one. */
import { NODE_ENVIRONMENT, NODE_FLAGS } from '../cli/bundle.ts';

export interface Lever {
  readonly name: string;
  readonly flags: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
}

export const SHIPPED: Lever = { name: 'as shipped', flags: NODE_FLAGS, environment: NODE_ENVIRONMENT };

const flag = (...flags: readonly string[]): Lever => ({ name: flags.join(' '), flags, environment: {} });

const variable = (name: string, value: string): Lever => ({
  name: `${name}=${value}`,
  flags: [],
  environment: { [name]: value },
});

export const LEVERS: readonly Lever[] = [
  { name: 'none', flags: [], environment: {} },
  flag('--max-semi-space-size=1'),
  flag('--optimize-for-size'),
  flag('--max-old-space-size=48'),
  flag('--v8-pool-size=1'),
  flag('--single-threaded-gc'),
  flag('--max-lazy'),
  flag('--no-opt'),
  variable('MALLOC_ARENA_MAX', '1'),
  variable('UV_THREADPOOL_SIZE', '1'),
  SHIPPED,
];
