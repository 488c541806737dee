/** The man page, as text. mandoc and groff look at it in test/shells. */
import { expect } from 'chai';

import { commandFacts, usageOf } from '../../src/cli/command-facts.ts';
import { commandTree } from '../../src/cli/command-tree.ts';
import { EXIT } from '../../src/cli/exit-code.ts';
import { manualPage } from '../../src/cli/manual.ts';

const page = manualPage();
/** The words of the page, as somebody reads them. */
const words = page
  .replaceAll(String.raw`\-`, '-')
  .replaceAll(/\\f[BIR]/g, '')
  .replaceAll('\n', ' ');

describe('manualPage', () => {
  it('has every command, argument and option', () => {
    for (const command of commandFacts(commandTree())) {
      expect(words).to.include(`.B ${usageOf(command)}`);
      for (const { flag, value } of command.options) {
        expect(words).to.include(
          value === undefined ? ` ${flag} ` : ` ${flag} ${value.name.toUpperCase()} `,
        );
      }
    }
  });

  it('has every exit code', () => {
    for (const code of Object.values(EXIT)) {
      expect(page).to.include(`\n.TP\n\\fB${code}\\fR\n`);
    }
  });

  it('is ASCII, and no text of it is taken for a command of roff', () => {
    const known = /^\.(?:TH|SH|SS|TP|PP|RS|RE|EX|EE|br|B|I|BR|RB|RI)\b|^\.\\"/;
    const controls = page.split('\n').filter((line) => /^[.']/.test(line));

    expect(page).to.match(/^[\n -~]*$/);
    expect(controls.filter((line) => !known.test(line))).to.deep.equal([]);
  });

  it('names characters that would be typeset as others', () => {
    expect(page).to.include(String.raw`\(ti/.config/openstack`);
    expect(page).to.include(String.raw`\-\-reason \(aqlooking into it\(aq`);
  });
});
