/** The completion of fish, asked of fish itself; needs fish 3.4. */
import { expect } from 'chai';
import { execa } from 'execa';
import path from 'node:path';

import { commandFacts } from '../../src/cli/command-facts.ts';
import { commandTree } from '../../src/cli/command-tree.ts';

const FOLDER = path.join(import.meta.dirname, '../../config/completion');
const SCRIPT = path.join(FOLDER, 'route-sync.fish');

/** The words that fish proposes for the line, without their descriptions. */
async function proposals(line: string): Promise<readonly string[]> {
  const program = 'source $argv[1]; complete -C $argv[2]';
  const { stdout } = await execa('fish', ['--no-config', '-c', program, SCRIPT, line]);
  return stdout.split('\n').map((row) => row.split('\t')[0] ?? '');
}

describe('the completion of fish', function suite() {
  this.timeout(60_000);

  const LISTS = [
    ['route-sync expl', ['explain']],
    ['route-sync journal ', ['show', 'verify']],
    ['route-sync plan --output ', ['json', 'markdown', 'text']],
    ['route-sync plan --output=j', ['--output=json']],
    ['route-sync journal verify --log-f', ['--log-format']],
    ['route-sync freeze --reason plan --re', ['--reason']],
    ['route-sync apply --re', []],
    ['route-sync init --os nok', ['nokia-sros']],
    ['route-sync completion ', ['bash', 'fish', 'zsh']],
    ['route-sync check --upstream ', []],
    [`route-sync parse --os linux ${FOLDER}/_`, [`${FOLDER}/_route-sync`]],
    [`route-sync plan --config ${FOLDER}/_`, [`${FOLDER}/_route-sync`]],
  ] as const;

  for (const [line, words] of LISTS) {
    it(`proposes ${words.join(', ') || 'nothing'} after "${path.basename(line)}"`, async () => {
      expect((await proposals(line)).filter((word) => word !== '')).to.have.members([...words]);
    });
  }

  it('proposes every option of every command', async () => {
    for (const { path: words, options } of commandFacts(commandTree())) {
      const flags = await proposals(`route-sync ${words.join(' ')} --`);
      expect(flags).to.have.members(['--help', ...options.map(({ flag }) => flag)]);
    }
  });
});
