/** Every default a user can see, in one place. Durations are milliseconds, sizes bytes. */

/** A change is acted on after this much quiet, so that one `kubectl apply` of several objects is one rollout (DESIGN §8). */
export const SETTLE_MS = 1_000;

/** The longest a stream of changes may put a rollout off (DESIGN §8). */
export const SETTLE_LIMIT_MS = 10_000;

/** Between two rollouts of one workload: none, unless somebody asks for one. */
export const MIN_INTERVAL_MS = 0;

/**
 * Sources that the annotations of one workload may select. Each is read for a decision and kept in the record, some 60
 * bytes of the 256 KiB that the annotations of an object share.
 */
export const SELECTED_SOURCES = 250;

/** Sources of one workload read at once: a pod template can name any number of them, and the API server serves others too. */
export const READS_AT_ONCE = 16;

/**
 * Sources that one admission review may read: twice what annotations may select, so that a template has as many to
 * itself. At 16 at once and 10 ms each they take a sixth of the budget, and their record some 30 KiB of the 256 that the
 * annotations of an object share. A template that names more passes unstamped, or one request would be ten thousand.
 */
export const READS_PER_REVIEW = 500;

/** Workloads worked on at once: enough to hide the API server's latency, few enough to be no burden on it. */
export const CONCURRENCY = 8;

/** What `/mutate` may spend on reading, below the 3 s `timeoutSeconds` of the shipped webhook configuration. */
export const ADMISSION_BUDGET_MS = 2_000;

/** Namespaces that cannot be opted in as a whole (DESIGN §5); restamp's own namespace joins them at start. */
export const PROTECTED_NAMESPACES = ['kube-system', 'kube-public', 'kube-node-lease'] as const;

/** Rollouts the history annotation remembers (DESIGN §3). */
export const HISTORY_LENGTH = 10;

/**
 * Keys of one source the record explains one by one. Beyond it a change is still seen, but named `*`:
 * annotations of one object share 256 KiB (apimachinery's TotalAnnotationSizeLimitB), and the
 * Deployment controller copies ours to every ReplicaSet it keeps.
 */
export const EXPLAINED_KEYS = 32;

export const WEBHOOK_PORT = 10_250;
export const WEBHOOK_OPS_PORT = 8_080;
export const WATCHER_OPS_PORT = 8_081;
export const KEY_SECRET = 'restamp-key';
export const TLS_SECRET = 'restamp-webhook-tls';
export const NAMESPACE = 'restamp';
export const WEBHOOK_SERVICE = 'restamp-webhook';
export const WEBHOOK_CONFIGURATION = 'restamp';

/**
 * How long the webhook answers on after SIGTERM: the time Kubernetes needs to take the endpoint away everywhere,
 * the customary few seconds of a preStop sleep.
 */
export const SHUTDOWN_DELAY_MS = 5_000;
