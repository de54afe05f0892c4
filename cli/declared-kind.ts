/** Kinds of workload that an installation declares: `--workload-kind=group/version/resource:path.to.template`. */
import type { WorkloadKind } from '../core/workload.ts';

/** Where the API server has the kind, and where the kind has its pod template. */
export type DeclaredKind = Pick<WorkloadKind, 'group' | 'version' | 'resource' | 'templatePath'>;

/** What a fault says about the right form. */
export const DECLARED_KIND_FORM = 'kinds like apps.kruise.io/v1alpha1/clonesets:spec.template';

const LABEL = '[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?';
const GROUP = new RegExp(`^${LABEL}(\\.${LABEL})*$`);
const VERSION = /^v[1-9]\d{0,3}((alpha|beta)[1-9]\d{0,3})?$/;
const RESOURCE = new RegExp(`^${LABEL}$`);
const FIELD = /^[A-Za-z][A-Za-z0-9]*$/;

/** Reads one declaration; `core` or nothing stands for the core group. `undefined` for what is not of the form. */
export function parseDeclaredKind(text: string): DeclaredKind | undefined {
  const [location = '', path = '', ...more] = text.split(':');
  const [group = '', version = '', resource = '', ...deeper] = location.split('/');
  const templatePath = path.split('.');
  const right =
    more.length + deeper.length === 0 &&
    (group === '' || GROUP.test(group)) &&
    VERSION.test(version) &&
    RESOURCE.test(resource) &&
    templatePath.every((field) => FIELD.test(field));
  return right ? { group: group === 'core' ? '' : group, version, resource, templatePath } : undefined;
}
