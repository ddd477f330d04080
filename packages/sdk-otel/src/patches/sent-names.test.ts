import { expect, test } from 'vitest';
import { sentEventKey, sentWorkflowName } from './sent-names.ts';

test.each([
  ['Order', 'shop_', 'shop_order'],
  ['shop_Order', 'shop_', 'shop_order'],
  ['Order', undefined, 'order'],
  [{ name: 'Order' }, 'shop_', 'shop_order'],
  [{ id: 'Order' }, undefined, 'order'],
  [7, 'shop_', undefined],
  [undefined, undefined, undefined],
])('the workflow %j in the namespace %s is sent as %s', (workflow, namespace, sent) => {
  expect(sentWorkflowName(workflow, namespace)).toBe(sent);
});

test.each([
  ['order:Paid', 'shop_', 'shop_order:Paid'],
  ['shop_order:Paid', 'shop_', 'shop_order:Paid'],
  ['order:Paid', undefined, 'order:Paid'],
])('the event %s in the namespace %s is sent as %s', (key, namespace, sent) => {
  expect(sentEventKey(key, namespace)).toBe(sent);
});
