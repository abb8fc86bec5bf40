import { describe, expect, it } from 'vitest';
import { dropMdx } from './mdx.ts';

describe('dropMdx', () => {
  it('drops code and tags, and keeps what is between them', () => {
    const text = [
      "import { Card } from './card'",
      'export const year = 2024',
      '',
      '# Tides',
      '',
      'In {year} the <Term id="moon">moon</Term> pulled.',
      '',
      '<Card title="Note">',
      '    The first line,',
      '    and the second.',
      '',
      '    - one',
      '      - two',
      '</Card>',
      '',
      '<Picture src="a.png" />',
      '',
      '```jsx',
      "import { Card } from './card'",
      '<Card />',
      '```',
      '',
      '| a | b |',
      '| - | - |',
      '| 1 | 2 |',
    ].join('\n');
    expect(dropMdx(text)).toEqual({
      warnings: [],
      text: [
        '# Tides',
        '',
        'In  the moon pulled.',
        '',
        'The first line,',
        'and the second.',
        '',
        '- one',
        '  - two',
        '',
        '```jsx',
        "import { Card } from './card'",
        '<Card />',
        '```',
        '',
        '| a | b |',
        '| - | - |',
        '| 1 | 2 |',
      ].join('\n'),
    });
  });

  it('drops what it can of what is no valid MDX, and warns', () => {
    const text = "import a from 'a'\n\n# Tides\n\n<Open\n\n```js\nimport b from 'b'\n```\n";
    const dropped = dropMdx(text);
    expect(dropped.text).toBe("# Tides\n\n<Open\n\n```js\nimport b from 'b'\n```\n");
    expect(dropped.warnings).toHaveLength(1);
  });
});
