import { writeFile } from 'node:fs/promises';
import path from 'node:path';

import { expect } from 'chai';
import type { Browser } from 'playwright-core';

import { openScene, type Running, type Scene } from '../cli/scene.ts';
import { webAndDatabase } from '../cli/small-cloud.ts';
import { openChromium } from './chromium.ts';

const TOKEN = 'not-a-secret-outside-of-this-test';

describe('route-sync run in a browser', () => {
  let browser: Browser;
  let scene: Scene;
  let small: ReturnType<typeof webAndDatabase>;
  let agent: Running;

  before(async () => {
    browser = await openChromium();
    small = webAndDatabase();
    scene = await openScene(small.cloud);
    const tokenFile = path.join(scene.folder, 'token');
    await writeFile(tokenFile, `${TOKEN}\n`, { mode: 0o600 });
    await scene.configure({
      schedule: '* * * * * *',
      server: { listen: '127.0.0.1:0', tokenFile },
    });
    agent = scene.start(['run']);
  });

  after(async () => {
    await browser.close();
    process.kill(agent.pid, 'SIGTERM');
    await agent.ended;
    await scene.close();
  });

  /** Where the agent says that it serves, once it does. */
  async function addressOf({ log }: Running): Promise<string> {
    for (;;) {
      const [, url] = /serving url=(\S+)/.exec(log()) ?? [];
      if (url !== undefined) {
        return url;
      }
      await new Promise((resolve) => {
        setTimeout(resolve, 20);
      });
    }
  }

  it('asks for the token, shows the first cycle, and follows the cloud', async () => {
    const url = await addressOf(agent);
    expect((await fetch(url)).status).to.equal(401);

    const context = await browser.newContext({
      httpCredentials: { username: 'anybody', password: TOKEN },
    });
    const page = await context.newPage();
    await page.goto(url);
    await page.locator('#live[data-state="live"]').waitFor();
    await page.locator('#map a.node', { hasText: '198.51.100.0/27' }).waitFor();
    await page.getByText('All is well').first().waitFor();

    small.addTenant('shop', '203.0.113.12', '198.51.100.64/27');
    await page.locator('#map a.node', { hasText: '198.51.100.64/27' }).waitFor();
    await page.locator('#journal tbody tr').nth(1).waitFor();

    await page.locator('#journal tbody a').first().click();
    expect(await page.locator('main').innerText()).to.contain('add 198.51.100.64/27');
    await page.getByLabel('Explain').fill('shop');
    await page.keyboard.press('Enter');
    expect(await page.locator('.answer').innerText()).to.match(/on edge1: installed/);
  });
});
