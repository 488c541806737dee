import { access, readdir, readFile } from 'node:fs/promises';

import { expect } from 'chai';

import { driverFor, ROUTER_OSES } from '../../src/drivers/index.ts';

const SOURCES = new URL('../../src/drivers/', import.meta.url);
const TESTS = new URL('./', import.meta.url);
const PAGE = new URL('../../docs/routers.md', import.meta.url);
const GUIDE = 'see docs/adding-a-router-os.md';

async function exists(url: URL): Promise<boolean> {
  return access(url).then(
    () => true,
    () => false,
  );
}

async function mustExist(url: URL, what: string): Promise<void> {
  if (!(await exists(url))) {
    throw new Error(`${what} is missing: ${GUIDE}`);
  }
}

describe('the registry of router OSes', () => {
  for (const os of ROUTER_OSES) {
    it(`has everything that belongs to ${os}`, async () => {
      await mustExist(new URL(`${os}.ts`, SOURCES), `src/drivers/${os}.ts, the driver,`);
      const driver = await driverFor(os);
      await mustExist(new URL(`${os}.test.ts`, TESTS), `test/drivers/${os}.test.ts`);
      const folder = new URL(`data/${os}/`, TESTS);
      await mustExist(folder, `test/drivers/data/${os}/ with recorded output`);
      const files = await readdir(folder, { recursive: true });
      const page = await readFile(PAGE, 'utf8');

      expect(driver.os, `the os of src/drivers/${os}.ts`).to.equal(os);
      expect(
        files,
        `test/drivers/data/${os}/ needs expected paths beside output; ${GUIDE}`,
      ).to.satisfy((names: readonly string[]) => names.some((name) => name.endsWith('.json')));
      expect(page, `docs/routers.md has no section "## ${os}"; ${GUIDE}`).to.contain(
        `\n## ${os}\n`,
      );
    });

    it(`knows what ${os} can do, and says nothing that contradicts itself`, async () => {
      const { capabilities, session, os: name } = await driverFor(os);
      const { chunk, nextHops, mark, nameLength, transaction, ecmp } = capabilities;

      expect(chunk, `capabilities.chunk of ${name}`).to.be.greaterThan(0);
      expect(nextHops, `capabilities.nextHops of ${name}`).to.be.greaterThan(ecmp ? 1 : 0);
      if (!['tag', 'protocol number'].includes(mark)) {
        expect(
          nameLength,
          `${name} marks by ${mark}, so it needs capabilities.nameLength`,
        ).to.be.greaterThan(0);
      }
      if (session !== undefined) {
        expect(session.window, `session.window of ${name}`).to.be.greaterThan(0);
        expect(session.failures.length, `session.failures of ${name}`).to.be.greaterThan(0);
      }
      expect(['none', 'candidate', 'confirmed']).to.include(transaction);
    });
  }

  it('has every driver that there is a file for', async () => {
    const files = (await readdir(SOURCES)).filter((name) => name.endsWith('.ts'));
    const drivers: string[] = [];
    for (const file of files) {
      const text = await readFile(new URL(file, SOURCES), 'utf8');
      const [, os] = /\bos: '([a-z0-9-]+)'/.exec(text) ?? [];
      drivers.push(...(os === undefined ? [] : [os]));
    }

    const missing = drivers.filter((os) => !ROUTER_OSES.some((known) => known === os));
    expect(missing, `not in src/drivers/index.ts: ${missing.join(', ')}; ${GUIDE}`).to.deep.equal(
      [],
    );
  });
});
