/** The completion of bash as somebody sees it who types; needs zsh, whose zpty is the terminal. test/cli has the rest. */
import { expect } from 'chai';
import { execa } from 'execa';
import path from 'node:path';

const FOLDER = path.join(import.meta.dirname, '../../config/completion');

/**
 * Types the line and Tab twice in an interactive bash on a terminal of its own, then makes the line an argument of echo;
 * prints what the terminal shows.
 */
const TYPIST = String.raw`
zmodload zsh/zpty
zpty inner 'TERM=dumb bash --norc -i'
zpty -w inner "source '$1/route-sync.bash'; cd '$1'; PS1=; echo REA''DY"
zpty -r -m inner shown '*READY*'
zpty -w -n inner "$2"$'\t\t'
zpty -w inner $'\x01echo "\x05" FINI""SHED'
zpty -r -m inner shown '*FINISHED*'
print -r -- "$shown"
zpty -d inner
`;

async function shown(line: string): Promise<string> {
  const { stdout } = await execa('zsh', ['-f', '-c', TYPIST, 'typist', FOLDER, line], {
    timeout: 30_000,
  });
  return stdout;
}

describe('the completion of bash, typed', function suite() {
  this.timeout(60_000);

  const LISTS = [
    ['route-sync expl', ['route-sync explain ']],
    ['route-sync journal ', ['show', 'verify']],
    ['route-sync plan --output=', ['json', 'markdown', 'text']],
    ['route-sync plan --output=j', ['--output=json ']],
    ['route-sync parse --os linux _', ['_route-sync']],
    ['route-sync plan --config route-sync.', ['route-sync.bash', 'route-sync.fish']],
  ] as const;

  for (const [line, words] of LISTS) {
    it(`shows ${words.join(', ')} after "${line}"`, async () => {
      const list = await shown(line);
      words.forEach((word) => expect(list).to.include(word));
      expect(list).not.to.include('unfreeze');
    });
  }
});
