/** The completion of zsh, in a real zsh that is typed into; needs zsh. */
import { expect } from 'chai';
import { execa } from 'execa';
import path from 'node:path';

const FOLDER = path.join(import.meta.dirname, '../../config/completion');

/** Types the line and Tab twice in an interactive zsh on a terminal of its own; prints what the terminal shows. */
const TYPIST = String.raw`
zmodload zsh/zpty
zpty inner 'TERM=dumb PS1= zsh -f -i'
zpty -w inner "$1"
zpty -w inner 'bindkey "^I" complete-word; LISTMAX=0; PS1=; print REA''DY'
zpty -r -m inner shown '*READY*'
zpty -w -n inner "$2"$'\t\t'
zpty -w inner $'\x15print FINI''SHED'
zpty -r -m inner shown '*FINISHED*'
print -r -- "$shown"
zpty -d inner
`;

const LOADED = {
  'from $fpath': `fpath=('${FOLDER}' $fpath); autoload -Uz compinit && compinit -u -D`,
  sourced: `autoload -Uz compinit && compinit -u -D; source '${FOLDER}/_route-sync'`,
} as const;

async function shown(line: string, load: string): Promise<string> {
  const { stdout } = await execa('zsh', ['-f', '-c', TYPIST, 'typist', load, line], {
    timeout: 30_000,
  });
  return stdout;
}

describe('the completion of zsh', function suite() {
  this.timeout(60_000);

  for (const [how, load] of Object.entries(LOADED)) {
    it(`completes a command, ${how}`, async () => {
      expect(await shown('route-sync expl', load)).to.include('route-sync explain ');
    });
  }

  const LISTS = [
    ['route-sync journal ', ['show', 'verify', 'walk the whole hash chain']],
    ['route-sync plan --output ', ['json', 'markdown', 'text']],
    ['route-sync plan --output=', ['json', 'markdown', 'text']],
    ['route-sync journal verify --log-format ', ['json', 'text']],
    ['route-sync freeze --reason plan --', ['--reason', '--verbose', '--config']],
    ['route-sync init --os ', ['linux', 'cisco-ios', 'openbsd']],
    ['route-sync completion ', ['bash', 'zsh', 'fish']],
  ] as const;

  for (const [line, words] of LISTS) {
    it(`shows what may follow "${line}"`, async () => {
      const list = await shown(line, LOADED.sourced);
      words.forEach((word) => expect(list).to.include(word));
      expect(list).not.to.include('unfreeze');
    });
  }

  it('names files where files are wanted', async () => {
    const list = await shown(`route-sync parse --os linux ${FOLDER}/`, LOADED.sourced);

    expect(list).to.include('_route-sync').and.to.include('route-sync.fish');
  });
});
