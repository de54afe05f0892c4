import t from 'tap';
import { BUGS } from './bugs.ts';
import { LIMITS } from './promises.ts';
import { RESTAMP } from './restamp.ts';
import { explore, type Findings } from './search.ts';
import { tell } from './story.ts';
import { World } from './world.ts';

/** All but one are found within 13,000 states, in two seconds at most; that one after 866,000, in some ten. */
const BUDGET = 1_500_000;

function exploreSome(world: World, states: number): Findings {
  return explore(world, { states, isOver: () => false, onProgress: () => {} });
}

for (const [name, { says, restamp }] of Object.entries(BUGS)) {
  t.test(`the explorer finds the bug ${name}: ${says}`, (t) => {
    const world = new World(restamp);
    const { violation } = exploreSome(world, BUDGET);
    const story = violation === undefined ? [] : tell(world, violation);
    t.match(story[0], /^ {2}0 {2}At the start/);
    t.match(story.at(-1), /=> (Never|Always)/);
    t.end();
  });
}

t.test('restamp as it is breaks no promise', (t) => {
  const { violation, states, disturbances } = exploreSome(new World(RESTAMP), 200_000);
  t.equal(violation, undefined);
  t.ok(states >= 200_000);
  t.ok(disturbances >= 2, 'every history with two disturbances was explored');
  t.end();
});

t.test('with a webhook that always answers restamp breaks no promise either', (t) => {
  const { violation, disturbances } = exploreSome(new World(RESTAMP, { reliable: true }), 100_000);
  t.equal(violation, undefined);
  t.ok(disturbances >= 2, 'every history with two disturbances was explored');
  t.end();
});

for (const limit of LIMITS) {
  t.test(`the stated limit "${limit}" is met, so that its history can be told`, (t) => {
    const world = new World(RESTAMP, { strict: new Set([limit]) });
    const { violation } = exploreSome(world, 100_000);
    t.match(violation?.fault, /^Beyond a limit that is stated/);
    t.end();
  });
}
