/** What wave's users rely on, on the real control plane; the cases are the tables in wave/. */
import t from 'tap';
import { runSuite } from './suite.ts';
import { WAVE_CASES } from './wave/cases.ts';
import { WAVE_GROUPS } from './wave/groups.ts';

await runSuite(t, { groups: WAVE_GROUPS, cases: WAVE_CASES });
