import { expect } from 'chai';
import { rememberLast } from '../../src/agent/remember.ts';

describe('rememberLast', () => {
  function counted() {
    let calls = 0;
    const join = rememberLast((list: readonly string[], mark: string) => {
      calls += 1;
      return { text: list.join(mark) };
    });
    return { join, calls: () => calls };
  }

  it('gives the very same answer to the very same arguments', () => {
    const { join, calls } = counted();
    const list = ['a', 'b'];

    expect(join(list, '-')).to.equal(join(list, '-'));
    expect(calls()).to.equal(1);
  });

  it('computes anew when one argument is another value', () => {
    const { join, calls } = counted();
    const list = ['a', 'b'];

    expect(join(list, '-').text).to.equal('a-b');
    expect(join(list, '+').text).to.equal('a+b');
    expect(join(['a', 'b'], '+').text).to.equal('a+b');
    expect(calls()).to.equal(3);
  });

  it('remembers nothing of a call that threw', () => {
    let calls = 0;
    const fail = rememberLast((text: string) => {
      calls += 1;
      throw new Error(text);
    });

    expect(() => fail('x')).to.throw('x');
    expect(() => fail('x')).to.throw('x');
    expect(calls).to.equal(2);
  });
});
