/** wave's annotations. */
export const UPDATE = 'wave.pusher.com/update-on-config-change';
export const EXTRA = {
  ConfigMap: 'wave.pusher.com/extra-configmaps',
  Secret: 'wave.pusher.com/extra-secrets',
} as const;
export const SCHEDULING_DISABLED = 'wave.pusher.com/scheduling-disabled';
export const FINALIZER = 'wave.pusher.com/finalizer';
export const CONFIG_HASH = 'wave.pusher.com/config-hash';

/** The scheduler under which wave parks a workload: there is none of that name. */
export const PARKED = 'wave.pusher.com/invalid';

export const TRUE = { [UPDATE]: 'true' } as const;
