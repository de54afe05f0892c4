/** What Reloader's users rely on, on the real control plane; the cases are the tables in reloader/. */
import t from 'tap';
import { RELOADER_CASES } from './reloader/cases.ts';
import { RELOADER_GROUPS } from './reloader/groups.ts';
import { runSuite } from './suite.ts';

await runSuite(t, { groups: RELOADER_GROUPS, cases: RELOADER_CASES });
