/** Attributes that belong together. */
export interface AttributeGroup<Value> {
  name: string;
  entries: [key: string, value: Value][];
}

const GROUPS: [name: string, prefix: RegExp][] = [
  ['Hatchet', /^(hatchet[./]|instrumentor$)/],
  ['Messaging', /^messaging\./],
  ['Database', /^db\./],
  ['RPC', /^rpc\./],
  ['HTTP', /^(http|url|user_agent)\./],
];

/** In groups, the telling ones first, each in the order of its keys; an empty group is left out. */
export function attributeGroups<Value>(attributes: Readonly<Record<string, Value>>): AttributeGroup<Value>[] {
  const entries = Object.entries(attributes).sort(([a], [b]) => (a < b ? -1 : 1));
  const nameOf = (key: string): string => GROUPS.find(([, prefix]) => prefix.test(key))?.[0] ?? 'Other';
  return [...GROUPS.map(([name]) => name), 'Other']
    .map((name) => ({ name, entries: entries.filter(([key]) => nameOf(key) === name) }))
    .filter((group) => group.entries.length > 0);
}

/** Whether an attribute is the id of a run, which has a page. */
export function namesRun(key: string, value: string): boolean {
  return (
    /workflow_run[._]id$|^hatchet\.parent_id$/.test(key) && /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(value)
  );
}
