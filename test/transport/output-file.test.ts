import { writeSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { openOutputFile } from '../../src/transport/output-file.ts';

function never(): void {
  throw new Error('called');
}

describe('openOutputFile', () => {
  it('gives back what is written before and after its looks at the file', async () => {
    const file = await openOutputFile({ most: 100, onExcess: never });
    writeSync(file?.descriptor ?? -1, 'one ');
    await sleep(20);
    writeSync(file?.descriptor ?? -1, 'two');

    const bytes = file?.end();

    await file?.close();
    expect(Buffer.concat(bytes?.chunks ?? []).toString()).to.equal('one two');
  });

  it('tells once of more than is accepted, and does not give it back', async () => {
    let calls = 0;
    const file = await openOutputFile({ most: 3, onExcess: () => (calls += 1) });
    writeSync(file?.descriptor ?? -1, 'four');
    await sleep(30);

    const bytes = file?.end();

    await file?.close();
    expect([calls, bytes]).to.deep.equal([1, undefined]);
  });

  it('does not give back what comes too late to be told of', async () => {
    const file = await openOutputFile({ most: 3, onExcess: never });
    writeSync(file?.descriptor ?? -1, 'four');

    const bytes = file?.end();

    await file?.close();
    expect(bytes).to.equal(undefined);
  });

  it('takes the next folder where one is missing, and none where all are', async () => {
    const limit = { most: 3, onExcess: never };
    const file = await openOutputFile(limit, ['/nowhere', '/dev/shm']);

    const nowhere = await openOutputFile(limit, ['/nowhere']);

    await file?.close();
    expect([file === undefined, nowhere]).to.deep.equal([false, undefined]);
  });

  it('takes no folder without room', async () => {
    const file = await openOutputFile({ most: 3, onExcess: never }, ['/proc']);

    expect(file).to.equal(undefined);
  });

  it('leaves no name behind', async () => {
    const before = await readdir('/dev/shm');
    const file = await openOutputFile({ most: 3, onExcess: never }, ['/dev/shm']);

    const during = await readdir('/dev/shm');

    await file?.close();
    expect(during).to.deep.equal(before);
  });
});
