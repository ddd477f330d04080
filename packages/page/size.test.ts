import { readdirSync, readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { assets } from './index.ts';

// These tests check the output of `npm run build`.
const files = readdirSync(assets, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map((entry) => ({ name: entry.name, text: readFileSync(`${entry.parentPath}/${entry.name}`, 'utf8') }));

test('the page is at most 100 kB, compressed', () => {
  const sizes = files.map(({ text }) => gzipSync(text).length);
  expect(sizes.length).toBeGreaterThan(2);
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThanOrEqual(100_000);
});

test('the page requests nothing from another host, and nothing that a strict Content-Security-Policy rejects', () => {
  const html = files.find(({ name }) => name === 'index.html')!.text;
  expect(html).not.toMatch(/<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)/);
  for (const { name, text } of files) {
    const addresses = text.match(/(https?:)?\/\/[a-z0-9-]+(\.[a-z0-9-]+)+[^\s"'`)]*/gi) ?? [];
    // names of XML namespaces, which are not requested
    expect(
      addresses.filter((address) => !address.startsWith('http://www.w3.org/')),
      name,
    ).toEqual([]);
    expect(/\beval\(|new Function\(/.test(text), name).toBe(false);
  }
});

test('the page never creates markup from text', () => {
  const sources = readdirSync(new URL('./src/', import.meta.url), { recursive: true, encoding: 'utf8' });
  const code = sources.filter((name) => /\.tsx?$/.test(name));
  expect(code.length).toBeGreaterThan(20);
  for (const name of code) {
    const text = readFileSync(new URL(`./src/${name}`, import.meta.url), 'utf8');
    expect(/dangerouslySetInnerHTML|innerHTML|outerHTML|insertAdjacentHTML|document\.write/.test(text), name).toBe(
      false,
    );
  }
});
