import { expect } from 'chai';
import fc from 'fast-check';

import { html, printHtml } from '../../../src/agent/page/html.ts';
import { HOSTILE } from './scene.ts';

describe('html', () => {
  it('lets no text open a tag, end an attribute, or hide a character', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.string({ unit: fc.constantFrom('<', '>', '"', "'", '&', '`', '/', '\n', '\u202e', 'a') }),
      fc.constant(HOSTILE),
    );
    fc.assert(
      fc.property(text, (name) => {
        const printed = printHtml(html`<a title="${name}">${name}</a>`);
        const [, attribute = '', content = ''] =
          /^<a title="([^"]*)">([^<]*)<\/a>$/.exec(printed) ?? [];
        expect(attribute).to.equal(content);
        expect(content).not.to.match(/[<>"'`]|&(?!amp;|lt;|gt;|quot;|#39;|#96;)/);
        expect(content).not.to.match(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
      }),
    );
  });

  it('takes markup of its own as it is, also in lists', () => {
    const items = ['<1>', html`<b>2</b>`];
    expect(printHtml(html`<p>${items}${html`<i>${3}</i>`}</p>`)).to.equal(
      '<p>&lt;1&gt;<b>2</b><i>3</i></p>',
    );
  });

  it('prints nothing for what is absent', () => {
    expect(printHtml(html`<p>${undefined}${false}${[]}</p>`)).to.equal('<p></p>');
  });

  it('takes nothing for markup that only looks like it', () => {
    const forged = JSON.parse('{"markup":"<b>"}') as string;
    expect(() => html`${forged}`).to.throw(TypeError);
  });

  it('refuses an attribute without quotes', () => {
    expect(() => html`<p class=${'a'}></p>`).to.throw(TypeError, 'quotes');
  });
});
