import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';

/**
 * The directory for everything that outlives a run: binaries, and the state of named clusters.
 * `RESTAMP_CACHE` replaces it; otherwise it follows the XDG base directory rule (a relative XDG_CACHE_HOME is to be ignored).
 */
export function cacheDirectory(environment: NodeJS.ProcessEnv): string {
  const own = environment.RESTAMP_CACHE;
  if (own !== undefined && own !== '') {
    if (!isAbsolute(own)) throw new Error(`RESTAMP_CACHE is "${own}": give an absolute path`);
    return own;
  }
  const xdg = environment.XDG_CACHE_HOME;
  return join(xdg !== undefined && isAbsolute(xdg) ? xdg : join(homedir(), '.cache'), 'restamp');
}

/** Where named clusters keep their state. */
export function clustersDirectory(environment: NodeJS.ProcessEnv): string {
  return join(cacheDirectory(environment), 'clusters');
}
