import { describe, expect, it } from 'vitest';
import { MAX_QUERY_TEXT, recordedQueryText } from './query-text.ts';

describe('the text of a query without parameters', () => {
  it.each([
    ["SELECT * FROM account WHERE email = 'ada@example.com'", 'SELECT * FROM account WHERE email = ?'],
    ["SELECT 'it''s', E'it\\'s', U&'\\0061', B'1', x'ff'", 'SELECT ?, ?, ?, ?, ?'],
    ['SELECT 1, 2.5, .5, 1e10, 1e-7, 0x1F, 1_000', 'SELECT ?, ?, ?, ?, ?, ?, ?'],
    ['SELECT a1, t2.b3, "4 five", _6 FROM t7', 'SELECT a1, t2.b3, "4 five", _6 FROM t7'],
    ['SELECT $$it is$$, $tag$ a $$ b $tag$, $1', 'SELECT ?, ?, $1'],
    ['INSERT INTO t VALUES (1,-2),(3,4)', 'INSERT INTO t VALUES (?,-?),(?,?)'],
    ['SELECT größe FROM "größe" WHERE größe$1 = 3', 'SELECT größe FROM "größe" WHERE größe$1 = ?'],
    ["ALTER ROLE app PASSWORD 'secret'", 'ALTER ROLE app PASSWORD ?'],
    ["SELECT 1 -- for ada\nFROM t /* it's ada */ WHERE a = 'b'", 'SELECT ?  \nFROM t   WHERE a = ?'],
    ["NOTIFY channel, 'ada'", 'NOTIFY channel, ?'],
    ['BEGIN', 'BEGIN'],
    ['', ''],
  ])('%s', (text, recorded) => {
    expect(recordedQueryText(text, false)).toBe(recorded);
  });

  it.each([
    ["SELECT 'no end, ada", 'SELECT ?'],
    ["SELECT E'no end\\", 'SELECT ?'],
    ["SELECT 'no end\\", 'SELECT ?'],
    ['SELECT $a$ ada', 'SELECT ?'],
    ['SELECT 1 /* ada', 'SELECT ?  '],
    // without standard_conforming_strings the first string goes on
    ["SELECT 'it\\'s', 'ada'", 'SELECT ?'],
    ["SELECT /* a /* b */ it's */ 'ada'", 'SELECT  '],
  ])('that is ambiguous is masked to its end: %s', (text, recorded) => {
    expect(recordedQueryText(text, false)).toBe(recorded);
  });

  it('is cut before it is read, and shows nothing of a literal that the cut opens', () => {
    const text = `SELECT '${'ada'.repeat(MAX_QUERY_TEXT)}'`;
    expect(recordedQueryText(text, false)).toBe('SELECT ?…');
  });
});

describe('the text of a query with parameters', () => {
  it('is kept, up to its limit', () => {
    expect(recordedQueryText("SELECT 1, 'a' WHERE $1", true)).toBe("SELECT 1, 'a' WHERE $1");
    expect(recordedQueryText('😀'.repeat(MAX_QUERY_TEXT), true)).toHaveLength(MAX_QUERY_TEXT + 1);
  });
});
