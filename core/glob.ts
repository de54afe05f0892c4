/** Names with `*` for any run of characters, also an empty one. */
import { isObjectName, NAME_LENGTH } from './object-name.ts';

/** Stars in a glob: with more, finding what is between them takes its time, and nobody means it. */
export const GLOB_STARS = 8;

/** Whether any object's name could match. */
export function isGlob(text: string): boolean {
  return text.length <= NAME_LENGTH && isObjectName(text.replaceAll('*', 'x'));
}

/** What tells whether a whole name matches. */
export function glob(text: string): (name: string) => boolean {
  const [start = '', ...others] = text.split('*');
  const end = others.pop();
  if (end === undefined) return (name) => name === start;
  return (name) => {
    const inner = name.length - end.length;
    if (name.length > NAME_LENGTH || inner < start.length || !name.startsWith(start) || !name.endsWith(end))
      return false;
    return inOrder(others, name.slice(start.length, inner));
  };
}

/** Whether the parts follow one another: each is taken where it comes first, which leaves most for the others. */
function inOrder(parts: readonly string[], text: string): boolean {
  let from = 0;
  for (const part of parts) {
    const at = text.indexOf(part, from);
    if (at === -1) return false;
    from = at + part.length;
  }
  return true;
}
