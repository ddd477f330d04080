import type { AttributeValue } from '@hatchet-ts/waterfall/browser';
import { traceAddress } from '../route/address.ts';
import { Link } from '../route/navigation.tsx';
import { visibleText } from '../text/visible-text.ts';
import { attributeGroups, namesRun } from './attribute-groups.ts';
import { LongText } from './long-text.tsx';

interface AttributesProps {
  attributes: Readonly<Record<string, AttributeValue>>;
  /** Of the section; without it the groups have sections of their own. */
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
