import type { Html } from './html.js';

/** Everything of the console page that changes, by the ids of the elements that hold it. */
export interface ConsoleState {
  readonly parts: ReadonlyMap<string, Html>;
  /** The rows of each list, by their ids and in their order. */
  readonly lists: ReadonlyMap<string, ReadonlyMap<string, Html>>;
}

/** What a page needs in order to follow. */
export interface ConsoleChange {
  readonly parts: Readonly<Record<string, string>>;
  /** Only lists that changed: all ids in their order, and the rows that are new or different. */
  readonly lists: Readonly<
    Record<
      string,
      { readonly ids: readonly string[]; readonly rows: Readonly<Record<string, string>> }
    >
  >;
}

export function changeBetween(
  before: ConsoleState | undefined,
  after: ConsoleState,
): ConsoleChange {
  const lists: [string, ConsoleChange['lists'][string]][] = [];
  for (const [id, rows] of after.lists) {
    const changed = differing(before?.lists.get(id), rows);
    // Rows only ever come in at the top: without a new one, none has gone.
    if (before && changed.length === 0) continue;
    lists.push([id, { ids: Array.from(rows.keys()), rows: Object.fromEntries(changed) }]);
  }
  return {
    parts: Object.fromEntries(differing(before?.parts, after.parts)),
    lists: Object.fromEntries(lists),
  };
}

function differing(
  before: ReadonlyMap<string, Html> | undefined,
  after: ReadonlyMap<string, Html>,
): [string, string][] {
  const changed: [string, string][] = [];
  for (const [id, { text }] of after) if (before?.get(id)?.text !== text) changed.push([id, text]);
  return changed;
}
