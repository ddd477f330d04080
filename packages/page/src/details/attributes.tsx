import type { AttributeValue } from '@hatchet-ts/waterfall/browser';
import { traceAddress } from '../route/address.ts';
import { Link } from '../route/navigation.tsx';
import { visibleText } from '../text/visible-text.ts';
import { LongText } from './long-text.tsx';

interface AttributesProps {
  attributes: Readonly<Record<string, AttributeValue>>;
  /** Title of the only section; without it, each group has a section. */
  title?: string;
  closed?: boolean;
}

export function Attributes({ attributes, title, closed = false }: AttributesProps) {
  const groups = title ? [{ name: title, entries: Object.entries(attributes).sort() }] : attributeGroups(attributes);
  return (
    <>
      {groups.map(({ name, entries }) => (
        <details key={name} class="section" open={!closed}>
          <summary>
            {name} <span class="faint">{entries.length}</span>
          </summary>
          <dl class="attributes">
            {entries.map(([key, value]) => (
              <div key={key}>
                <dt>{visibleText(key.slice(0, 300))}</dt>
                <dd>
                  <Value name={key} value={value} />
                </dd>
              </div>
            ))}
          </dl>
        </details>
      ))}
    </>
  );
}

function Value({ name, value }: { name: string; value: AttributeValue }) {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  if (namesRun(name, text)) return <Link to={traceAddress({ by: 'run', id: text.toLowerCase() })}>{text}</Link>;
  return <LongText text={text} code={/^db\.query\.text$|^db\.statement$/.test(name)} />;
}

/** Attributes of one topic. */
interface AttributeGroup<Value> {
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

/** Groups attributes by topic, the most useful first, and sorts each group by key. Leaves out empty groups. */
export function attributeGroups<Value>(attributes: Readonly<Record<string, Value>>): AttributeGroup<Value>[] {
  const entries = Object.entries(attributes).sort(([a], [b]) => (a < b ? -1 : 1));
  const nameOf = (key: string): string => GROUPS.find(([, prefix]) => prefix.test(key))?.[0] ?? 'Other';
  return [...GROUPS.map(([name]) => name), 'Other']
    .map((name) => ({ name, entries: entries.filter(([key]) => nameOf(key) === name) }))
    .filter((group) => group.entries.length > 0);
}

/** True for the id of a run, which has a page. */
export function namesRun(key: string, value: string): boolean {
  return (
    /workflow_run[._]id$|^hatchet\.parent_id$/.test(key) && /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(value)
  );
}
