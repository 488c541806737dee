/** The man page under the eyes of mandoc and of groff; needs mandoc, man-db and groff. */
import { expect } from 'chai';
import { execa } from 'execa';
import path from 'node:path';

const PAGE = path.join(import.meta.dirname, '../../docs/route-sync.1');

describe('the man page', function suite() {
  this.timeout(60_000);

  it('is flawless to mandoc', async () => {
    const { stdout, exitCode } = await execa('mandoc', ['-T', 'lint', PAGE], { reject: false });

    expect(stdout).to.equal('');
    expect(exitCode).to.equal(0);
  });

  it('is typeset by groff without a warning', async () => {
    const { stdout, stderr } = await execa('man', ['--warnings', '-l', PAGE], {
      env: { MANWIDTH: '80', MANPAGER: 'cat', LC_ALL: 'C.UTF-8' },
    });

    expect(stderr).to.equal('');
    expect(stdout).to.include('EXIT STATUS').and.to.include('*/5 * * * * root route-sync apply');
  });

  it('keeps its examples as they must be typed', async () => {
    const { stdout } = await execa('mandoc', ['-T', 'ascii', '-O', 'width=200', PAGE]);
    // Bold is a character, a backspace and the character again.
    const plain = stdout.replaceAll(/(.)[\b]\1/g, '$1').replaceAll(/_[\b]/g, '');

    expect(plain).to.include("route-sync freeze --reason 'looking into it'");
    expect(plain).to.include('route-sync plan --output json > plan.json');
    expect(plain).to.include('~/.config/openstack');
  });
});
